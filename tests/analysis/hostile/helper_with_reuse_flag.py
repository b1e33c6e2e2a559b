# a helper that is told whether to reuse
def flagged(t, reuse):
    with tf.variable_scope('flagged', reuse=reuse):
        return tf.layers.dense(t, 4, name='fc')


# in the model_fn:
h = flagged(h, False) - 2.0 * flagged(h * 2.0, True)
