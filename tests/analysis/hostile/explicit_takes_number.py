# explicit names between default ones
# in the model_fn:
with tf.variable_scope('pair_d'):
    h = tf.layers.dense(h, 4, name='dense')
    h = tf.layers.dense(h, 4)
    h = tf.layers.dense(h, 4, name='dense_3')
    h = tf.layers.dense(h, 4)
    h = tf.layers.dense(h, 4)
