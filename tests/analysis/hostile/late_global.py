# the later of two definitions counts
def piece(t):
    return finish(t)
def finish(t):
    return tf.layers.dense(t, 3)
def finish(t):
    return tf.layers.dense(t, 5, use_bias=False)


# in the model_fn:
h = piece(h)
