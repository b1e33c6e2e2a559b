# two ways through one network make the same variable, and a second call uses what the first one made
def auto_either(t, wide):
    with tf.variable_scope('auto_either', reuse=tf.AUTO_REUSE):
        if wide:
            return tf.layers.dense(t, 4, name='only')
        t = tf.layers.dense(t, 4, name='only')
        return tf.layers.dense(t, 4, name='more')


# in the model_fn:
h = tf.layers.dense(h, 4)
h = auto_either(h, params['deep']) - 2.0 * auto_either(h * 2.0, params['deep'])
