# one helper, called under the defaults of an arg_scope and without them
slim = tf.contrib.slim


def plain(t, units):
    return slim.fully_connected(t, units)


# in the model_fn:
h = plain(h, 4)
with slim.arg_scope([slim.fully_connected], activation_fn=None):
    h = plain(h, 5)
