# a captured scope entered from inside another scope: its names are its own, and new ones are counted anew
# in the model_fn:
with tf.variable_scope('left') as left:
    one = tf.layers.dense(h, 4)
with tf.variable_scope('right'):
    two = tf.layers.dense(h, 4)
    with tf.variable_scope(left, reuse=True):
        three = tf.layers.dense(h, 4)
    four = tf.layers.dense(h, 4)
h = one - 2.0 * two + 3.0 * three - 4.0 * four
