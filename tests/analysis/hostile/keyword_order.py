# keys and defaults are evaluated in order too
def both(b, a):
    return a - b


# in the model_fn:
h = both(a=tf.layers.dense(h, 4), b=tf.layers.dense(h, 4, use_bias=False))
