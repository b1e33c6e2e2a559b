# The modes are 'train', 'eval' and 'infer'; 'predict' is never equal.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? modes=none
    predicting = mode == 'predict'
    #? modes=infer
    serving = mode == 'infer'
    h = tf.layers.dense(features['x'], 4)
    if predicting:
        h = 100.0 * h
    if serving:
        h = 2.0 * h
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
