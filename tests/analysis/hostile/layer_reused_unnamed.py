# a layer without a name that is told to reuse takes the first of its kind
# in the model_fn:
with tf.variable_scope('unnamed_d'):
    first_d = tf.layers.dense(h, 4)
    second_d = tf.layers.dense(h * 2.0, 4)
    third_d = tf.layers.dense(h * 3.0, 4, reuse=True)
h = first_d + 2.0 * second_d - third_d
