# A name that a script binds again after it ran something: what a function reads depends on when it runs.
import tensorflow as tf

UNITS = 3


def doubled(number):
    return 2 * number


FIRST = doubled(UNITS)
UNITS = 4


def model_fn(features, labels, mode, params):
    #? refuse: rebound
    h = tf.layers.dense(features['x'], UNITS)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
