# A mode mixed with a parameter: the parameter in that mode, False in the others.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? stage=static value=?
    active = mode == tf.estimator.ModeKeys.TRAIN and params['deep']
    h = tf.layers.dense(features['x'], 4)
    h = tf.layers.dropout(h, 0.5, training=active)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
