# an initializer given to a scope
# in the model_fn:
with tf.variable_scope('pair_e', initializer=tf.random_normal_initializer(stddev=0.1)):
    h = tf.layers.dense(h, 4)
