# Membership in a tuple of modes is a set of modes.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? modes=train,eval
    fitting = mode in (tf.estimator.ModeKeys.TRAIN, tf.estimator.ModeKeys.EVAL)
    #? modes=infer
    serving = not fitting
    #? modes=eval
    testing = fitting and mode != 'train'
    h = tf.layers.dense(features['x'], 4)
    if serving:
        h = 2.0 * h
    if testing:
        h = 3.0 * h
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
