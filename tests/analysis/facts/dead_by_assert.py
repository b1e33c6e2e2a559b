# A raise on known values ends a path: nothing after it is made.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = features['x']
    if len([1, 2]) == 3:
        raise ValueError('never')
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(h, 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
