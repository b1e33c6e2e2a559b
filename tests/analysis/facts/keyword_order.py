# Keyword arguments are evaluated in the order of the call.
import tensorflow as tf


def minus(a, b):
    return a - b


def model_fn(features, labels, mode, params):
    x = features['x']
    #? var=dense/kernel,dense/bias,dense_1/kernel
    h = minus(b=tf.layers.dense(x, 4), a=tf.layers.dense(x, 4, use_bias=False))
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
