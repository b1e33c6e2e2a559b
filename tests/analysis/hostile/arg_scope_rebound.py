# what an arg_scope gives is bound anew before the layer is made
slim = tf.contrib.slim


# in the model_fn:
act = tf.nn.tanh
with slim.arg_scope([slim.fully_connected], activation_fn=act):
    act = None
    h = slim.fully_connected(h, 4)
