# the variables of a layer, used with another activation
# in the model_fn:
with tf.variable_scope('other_b'):
    one_b = tf.layers.dense(h, 4, activation=tf.nn.relu, name='fc')
with tf.variable_scope('other_b', reuse=True):
    two_b = tf.layers.dense(h, 4, name='fc')
h = one_b + 2.0 * two_b
