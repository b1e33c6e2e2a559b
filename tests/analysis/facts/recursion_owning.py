# A recursive call that owns variables is refused.
import tensorflow as tf


def nested(x, n):
    if n == 0:
        return x
    #? refuse: recursion
    return nested(tf.layers.dense(x, 4), n - 1)


def model_fn(features, labels, mode, params):
    h = nested(features['x'], params['depth'])
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
