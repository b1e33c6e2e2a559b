# two calls on one trip use the same variables, those of another trip others
def auto_part(t):
    return tf.layers.dense(t, 4, name='part')


# in the model_fn:
h = tf.layers.dense(h, 4)
for trip in range(params['depth']):
    with tf.variable_scope('auto_trip_%d' % trip, reuse=tf.AUTO_REUSE):
        h = auto_part(h) - 2.0 * auto_part(h * 2.0)
