# A constant dict indexed by the mode is evaluated per mode.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    training = {'train': True, 'eval': False, 'infer': False}[mode]
    #? modes=train
    same = training
    h = tf.layers.dense(features['x'], 4)
    h = tf.layers.dropout(h, 0.5, training=same)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
