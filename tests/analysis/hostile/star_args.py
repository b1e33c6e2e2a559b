# literal star arguments
def sized(t, n, act=None):
    return tf.layers.dense(t, n, activation=act)


# in the model_fn:
args = (4, tf.nn.relu)
h = sized(h, *args)
more = {'n': 3}
h = sized(h, **more)
