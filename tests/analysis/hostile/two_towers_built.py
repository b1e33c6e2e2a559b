# two towers of one network, of which one has a layer that the other has not
def other_tower(t, reuse, deep):
    with tf.variable_scope('other_towers', reuse=reuse):
        if deep:
            t = tf.layers.dense(t, 4, name='deep')
        return tf.layers.dense(t, 3, name='out_%d' % t.shape[-1].value)


# in the model_fn:
towers_built = other_tower(h, False, True)
h = towers_built + other_tower(h, tf.AUTO_REUSE, False)
