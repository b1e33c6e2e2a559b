# layers that are told to reuse what exists, in a helper
def tower_of(t):
    t = tf.layers.dense(t, 4, name='tower_in', reuse=tf.AUTO_REUSE)
    return tf.layers.dense(t, 3, name='tower_out', reuse=tf.AUTO_REUSE)


# in the model_fn:
towers = tower_of(h) + tower_of(h * 3.0)
h = towers
