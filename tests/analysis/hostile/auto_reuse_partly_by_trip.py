# a part of what each trip uses is that of the first, another part its own
def auto_mixed(t, level):
    with tf.variable_scope('auto_mixed', reuse=tf.AUTO_REUSE):
        t = tf.layers.dense(t, 4, name='shared')
        return tf.layers.dense(t, 4, name='own_%d' % level)


# in the model_fn:
h = tf.layers.dense(h, 4)
for level in range(3):
    h = auto_mixed(h, level)
