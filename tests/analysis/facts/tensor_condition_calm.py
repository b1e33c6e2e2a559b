# A condition on a tensor with branches that make nothing stays as it is.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = tf.layers.dense(features['x'], 4)
    #? stage=call
    positive = tf.reduce_mean(h) > 0.0
    #? stage=call
    h = tf.cond(positive, lambda: 2.0 * h, lambda: h)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
