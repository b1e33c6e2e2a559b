# a shared helper that shares a part only
def net_of(t, n):
    with tf.variable_scope('common', reuse=tf.AUTO_REUSE):
        t = tf.layers.dense(t, 4, name='in%d' % t.shape[-1].value)
        return tf.layers.dense(t, n, name='n%d' % n)


# in the model_fn:
a = net_of(h, 3)
b = net_of(h, 5)
h = tf.concat([a, b, net_of(h, 3)], 1)
