# Star arguments of unknown length: what is called with what is unknown.
import tensorflow as tf


def sized(x, a, b):
    return tf.layers.dense(tf.layers.dense(x, a), b)


def model_fn(features, labels, mode, params):
    #? refuse: star-arguments
    h = sized(features['x'], *params['units'][:2])
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
