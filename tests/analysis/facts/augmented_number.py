# `n *= 2` on a known number is a new number.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 4
    n *= 2
    #? stage=static value=8
    twice = n
    n += 1
    #? stage=static value=9
    more = n
    h = tf.layers.dense(features['x'], twice)
    h = tf.layers.dense(h, more)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
