# `and` and `or` give an operand, not a truth value.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    deep = True
    #? stage=static value=7
    n = deep and 7 or 3
    #? stage=static value=3
    m = 0 or 3
    h = tf.layers.dense(features['x'], n)
    h = tf.layers.dense(h, m)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
