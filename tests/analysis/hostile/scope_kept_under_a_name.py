# a scope kept under a name is told to reuse while another is open
# in the model_fn:
with tf.variable_scope('kept'):
    kept = tf.get_variable_scope()
    one = tf.layers.dense(h, 4, name='fc')
    with tf.variable_scope('inner'):
        two = tf.layers.dense(h, 4, name='fc')
        kept.reuse_variables()
        three = tf.layers.dense(h, 4, name='gc')
    four = tf.layers.dense(h, 4, name='fc')
h = one - 2.0 * two + 3.0 * three - 4.0 * four
