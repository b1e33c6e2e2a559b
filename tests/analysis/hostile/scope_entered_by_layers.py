# a scope object handed to a function that enters it
def inside(scope, t):
    with tf.variable_scope(scope, reuse=tf.AUTO_REUSE):
        return tf.layers.dense(t, 4, name='fc')
# in the model_fn:
with tf.variable_scope('held') as held:
    one = tf.layers.dense(h, 4, name='fc')
h = one - 2.0 * inside(held, h)
