# every trip of a loop of known length uses the variables of the first
def auto_counted(t):
    for counted in range(3):
        with tf.variable_scope('auto_counted', reuse=tf.AUTO_REUSE):
            t = tf.layers.dense(t, 4, name='same')
    return t


# in the model_fn:
h = tf.layers.dense(h, 4)
h = auto_counted(h)
