# the layers that one loop makes are used again by the next
def auto_block(t, i):
    with tf.variable_scope('auto_blocks', reuse=tf.AUTO_REUSE):
        return tf.layers.dense(t, 4, name='b%d' % i)


# in the model_fn:
h = tf.layers.dense(h, 4)
for turn in range(params['depth']):
    h = auto_block(h, turn)
for turn in range(params['depth']):
    h = auto_block(h, turn)
