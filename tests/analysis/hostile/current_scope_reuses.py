# the innermost scope told to reuse through the function that gives it
# in the model_fn:
with tf.variable_scope('part_a'):
    one = tf.layers.dense(h, 4, name='fc')
    tf.get_variable_scope().reuse_variables()
    two = tf.layers.dense(h, 4, name='fc')
three = tf.layers.dense(h, 4, name='fc')
h = one - 2.0 * two + three
