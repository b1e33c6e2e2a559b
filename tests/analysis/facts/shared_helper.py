# A helper under AUTO_REUSE called twice is one network.
import tensorflow as tf


def net(x):
    with tf.variable_scope('net', reuse=tf.AUTO_REUSE):
        return tf.layers.dense(x, 4, name='fc')


def model_fn(features, labels, mode, params):
    #? var=net/fc/kernel,net/fc/bias
    real = net(features['x'])
    #? var=
    fake = net(2.0 * features['x'])
    h = real - fake
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
