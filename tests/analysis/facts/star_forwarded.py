# `*args, **kwargs` forwarded untouched are the caller's arguments.
#? refuse?
import tensorflow as tf


def plain(*args, **kwargs):
    return tf.layers.dense(*args, **kwargs)


def model_fn(features, labels, mode, params):
    #? var=dense/kernel,dense/bias
    h = plain(features['x'], 4, activation=tf.nn.relu)
    #? var=dense_1/kernel
    h = plain(h, units=5, use_bias=False)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
