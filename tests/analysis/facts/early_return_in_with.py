# A `with` that surely returns surely returns; names follow the scope all the same.
#? refuse?
import tensorflow as tf


def scoped(x, deep):
    with tf.variable_scope('early'):
        #? var=early/dense/kernel,early/dense/bias
        x = tf.layers.dense(x, 4)
        if deep:
            return x
        x = tf.layers.dense(x, 5)
    return x


def model_fn(features, labels, mode, params):
    h = scoped(features['x'], True)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
