# an initializer of a scope: inherited by inner ones and by helpers, replaced, and brought again by the scope's object
def plain(t, units):
    with tf.variable_scope('inside'):
        return tf.layers.dense(t, units)


# in the model_fn:
with tf.variable_scope('pair_f', initializer=tf.random_normal_initializer(stddev=0.1)) as scope_f:
    h = plain(h, 4)
    with tf.variable_scope('other', initializer=tf.constant_initializer(0.5)):
        h = tf.layers.dense(h, 5)
    w = tf.get_variable('w', [5])
    h = h + w
h = tf.layers.dense(h, 6)
with tf.variable_scope(scope_f):
    h = tf.layers.dense(h, params['width'], name='last')
