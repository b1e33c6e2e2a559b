# every other trip of a loop uses the same variables
# in the model_fn:
h = tf.layers.dense(h, 4)
with tf.variable_scope('auto_other', reuse=tf.AUTO_REUSE):
    for trip in range(params['depth'] + 2):
        h = tf.layers.dense(h, 4, name='fc_%d' % (trip % 2))
