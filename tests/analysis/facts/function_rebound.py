# A function's name bound again before the call is the later function.
#? refuse?
import tensorflow as tf


def piece(x):
    return tf.layers.dense(x, 3)


def other(x):
    return tf.layers.dense(x, 5, use_bias=False)


piece = other


def model_fn(features, labels, mode, params):
    #? var=dense/kernel
    h = piece(features['x'])
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
