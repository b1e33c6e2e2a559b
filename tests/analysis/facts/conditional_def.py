# A function defined in one of two ways is one of two functions.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    if params['deep']:
        def piece(x):
            return tf.layers.dense(x, 4)
    else:
        def piece(x):
            return tf.layers.dense(x, 4, use_bias=False)
    #? stage=call
    h = piece(features['x'])
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
