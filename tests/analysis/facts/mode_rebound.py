# A rebound mode is no longer the mode.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    real = mode
    mode = 'eval'
    #? modes=none
    training = mode == 'train'
    mode = real
    #? modes=train
    again = mode == 'train'
    h = tf.layers.dense(features['x'], 4)
    if training:
        h = 100.0 * h
    h = tf.layers.dropout(h, 0.5, training=again)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
