# every trip of a loop uses the variables of the first
# in the model_fn:
h = tf.layers.dense(h, 4)
for again in range(params['depth'] + 1):
    with tf.variable_scope('auto_same', reuse=tf.AUTO_REUSE):
        h = tf.layers.dense(h, 4)
