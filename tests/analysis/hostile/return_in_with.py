# a return inside a scope
def scoped(t, deep):
    with tf.variable_scope('early'):
        t = tf.layers.dense(t, 4)
        if deep:
            return t
        t = tf.layers.dense(t, 4)
    return tf.layers.dense(t, 4)


# in the model_fn:
h = scoped(h, params['deep'])
