# two towers of one network with a batch norm, which one updates and the other reads
def normed_tower(t, reuse, is_training):
    with tf.variable_scope('normed_towers', reuse=reuse):
        t = tf.layers.dense(t, 4)
        return tf.layers.batch_normalization(t, training=is_training)


# in the model_fn:
h = normed_tower(h, False, True) - 2.0 * normed_tower(h, True, False)
