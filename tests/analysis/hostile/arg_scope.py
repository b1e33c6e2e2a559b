# defaults of open arg_scopes: by a helper, of an inner one, of one that was kept and replaces those around it
slim = tf.contrib.slim


def plain(t, units):
    return slim.fully_connected(t, units)


def kept(act):
    with slim.arg_scope([slim.fully_connected], activation_fn=act, biases_initializer=None):
        with slim.arg_scope([slim.fully_connected], activation_fn=None) as sc:
            return sc


# in the model_fn:
with slim.arg_scope([slim.fully_connected], activation_fn=tf.nn.tanh):
    h = slim.fully_connected(h, 4)
    with slim.arg_scope([slim.fully_connected], biases_initializer=None):
        h = plain(h, 5)
    with slim.arg_scope(kept(tf.nn.sigmoid)):
        h = slim.fully_connected(h, 6)
h = slim.fully_connected(h, params['width'])
