# the same with default names, which are counted anew each time the scope is entered
def auto_default(t, depth):
    with tf.variable_scope('auto_default', reuse=tf.AUTO_REUSE):
        for _ in range(depth):
            t = tf.layers.dense(t, 4)
        return t


# in the model_fn:
h = tf.layers.dense(h, 4)
h = auto_default(h, params['depth']) - 2.0 * auto_default(h * 2.0, params['depth'])
