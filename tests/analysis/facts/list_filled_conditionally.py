# A list filled under a condition on parameters: its items are not known.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    sizes = [4]
    if params['deep']:
        sizes.append(5)
    #? stage=static value=?
    last = sizes[-1]
    h = tf.layers.dense(features['x'], last)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
