# a return inside a loop
def search(t, depth):
    for i in range(5):
        t = tf.layers.dense(t, 3 + i)
        if i == depth:
            return t
    return t


# in the model_fn:
h = search(h, params['depth'])
