# leaving a scope forgets its numbers: these share
# in the model_fn:
with tf.variable_scope('pair_c', reuse=tf.AUTO_REUSE):
    one = tf.layers.dense(h, 4)
with tf.variable_scope('pair_c', reuse=tf.AUTO_REUSE):
    two = tf.layers.dense(h, 4)
    two = two + tf.layers.dense(h, 4)
h = one - 2.0 * two
