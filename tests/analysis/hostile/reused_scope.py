# a captured scope entered again
# in the model_fn:
with tf.variable_scope('pair_a') as scope:
    one = tf.layers.dense(h, 4, name='fc')
with tf.variable_scope(scope, reuse=True):
    two = tf.layers.dense(h, 4, name='fc')
h = one - 2.0 * two
