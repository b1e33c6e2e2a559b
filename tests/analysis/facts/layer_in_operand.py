# A layer in an operand that may never be evaluated.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = tf.layers.dense(features['x'], 4)
    #? refuse: operand
    more = params['depth'] > 1 and tf.layers.dense(h, 3)
    h = h if more is False else tf.concat([h, more], 1)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
