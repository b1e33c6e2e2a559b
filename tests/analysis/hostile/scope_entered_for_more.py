# a captured scope entered again for new variables
# in the model_fn:
with tf.variable_scope('more') as more:
    one = tf.layers.dense(h, 4, name='fc')
with tf.variable_scope(more):
    two = tf.layers.dense(h, 4, name='gc')
    three = tf.layers.dense(h, 4)
h = one - 2.0 * two + 3.0 * three
