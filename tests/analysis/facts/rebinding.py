# Rebinding a name makes a new version; earlier uses keep the earlier value.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? stage=static value=4
    width = 4
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(features['x'], width)
    #? stage=static value=7
    width = 7
    #? var=dense_1/kernel,dense_1/bias
    h = tf.layers.dense(h, width)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
