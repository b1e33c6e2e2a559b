# the current scope entered again, with variables of default names in it, before and after
# in the model_fn:
with tf.variable_scope('part'):
    one = tf.layers.dense(h, 4)
    with tf.variable_scope(tf.get_variable_scope()):
        two = tf.layers.dense(h, 4)
h = one - 2.0 * two
