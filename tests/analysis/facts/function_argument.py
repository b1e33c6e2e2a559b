# A function passed as an argument owns what it makes where it is called.
import tensorflow as tf


def twice(fn, x, n):
    with tf.variable_scope('enc'):
        return fn(fn(x, n), n)


def model_fn(features, labels, mode, params):
    def shortcut(x, n):
        return tf.layers.dense(x, n, use_bias=False)

    #? var=enc/dense/kernel,enc/dense_1/kernel
    h = twice(shortcut, features['x'], 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
