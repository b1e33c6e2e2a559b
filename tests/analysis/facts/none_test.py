# `is None` on an omitted argument is decided by the default.
#? refuse?
import tensorflow as tf


def flexible(x, n=None):
    if n is None:
        return tf.nn.relu(x)
    return tf.layers.dense(x, n)


def model_fn(features, labels, mode, params):
    #? var=
    h = flexible(features['x'])
    #? var=dense/kernel,dense/bias
    h = flexible(h, 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
