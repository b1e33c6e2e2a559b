# reuse_variables, then get_variable
# in the model_fn:
with tf.variable_scope('pair_b') as scope:
    one = tf.layers.dense(h, 4)
    scope.reuse_variables()
    two = tf.get_variable('dense/bias', [4])
h = one + two
