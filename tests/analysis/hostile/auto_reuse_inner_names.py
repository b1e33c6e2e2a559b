# the names tell the trips of the inner loop apart, not those of the outer one
# in the model_fn:
h = tf.layers.dense(h, 4)
with tf.variable_scope('auto_inner', reuse=tf.AUTO_REUSE):
    for outer in range(params['depth']):
        for inner in range(params['depth']):
            h = tf.layers.dense(h, 4, name='fc_' + str(inner))
