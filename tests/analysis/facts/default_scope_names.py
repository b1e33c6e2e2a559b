# `variable_scope(None, default_name=...)` counts as layers do.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = features['x']
    with tf.variable_scope(None, default_name='blk'):
        #? var=blk/dense/kernel,blk/dense/bias
        h = tf.layers.dense(h, 4)
    with tf.variable_scope(None, default_name='blk'):
        #? var=blk_1/dense/kernel,blk_1/dense/bias
        h = tf.layers.dense(h, 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
