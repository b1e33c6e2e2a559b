# A handler may start after any statement of its body.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 3
    try:
        n = 5
        known = params['missing']
        n = 3
    except KeyError:
        #? stage=static value=?
        known = n
    #? stage=static value=?
    after = n
    h = tf.layers.dense(features['x'], after) + 0.0 * known
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
