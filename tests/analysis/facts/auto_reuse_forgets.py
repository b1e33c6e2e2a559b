# Leaving a scope forgets its numbers: entering it again with AUTO_REUSE shares from the first.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    x = features['x']
    with tf.variable_scope('net', reuse=tf.AUTO_REUSE):
        #? var=net/dense/kernel,net/dense/bias
        one = tf.layers.dense(x, 4)
    with tf.variable_scope('net', reuse=tf.AUTO_REUSE):
        #? var=
        two = tf.layers.dense(x, 4)
        #? var=net/dense_1/kernel,net/dense_1/bias
        three = tf.layers.dense(x, 4)
    h = one + 2.0 * two + 3.0 * three
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
