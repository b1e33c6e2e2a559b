# a global number changes between calls
COUNT = 3
def grow():
    global COUNT
    COUNT += 1
    return COUNT


# in the model_fn:
h = tf.layers.dense(h, grow())
h = tf.layers.dense(h, grow())
