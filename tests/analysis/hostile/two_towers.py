# two towers of one network, of which one trains in every mode and the other in none
def tower_net(t, reuse, is_training):
    with tf.variable_scope('towers', reuse=reuse):
        t = tf.layers.dense(t, 4, activation=tf.nn.relu)
        t = tf.layers.dropout(t, 0.3, training=is_training)
        return tf.layers.dense(t, 3)


# in the model_fn:
h = tower_net(h, reuse=False, is_training=True) - 2.0 * tower_net(h, reuse=True, is_training=False)
