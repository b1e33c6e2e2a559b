# one network in two places, its layers made in a loop of unknown length
def auto_tower(t, depth):
    with tf.variable_scope('auto_tower', reuse=tf.AUTO_REUSE):
        for i in range(depth):
            t = tf.layers.dense(t, 4, name='fc_%d' % i)
        return tf.layers.dense(t, 4, name='last')


# in the model_fn:
h = tf.layers.dense(h, 4)
h = auto_tower(h, params['depth']) - 2.0 * auto_tower(h * 2.0, params['depth'])
