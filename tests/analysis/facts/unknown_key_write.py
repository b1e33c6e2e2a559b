# `d[k] = v` with an unknown k: every entry may be another.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    table = {'relu': 3, 'tanh': 4}
    #? stage=static value=3
    before = table['relu']
    table[params['act']] = 5
    #? stage=static value=?
    after = table['relu']
    h = tf.layers.dense(features['x'], before)
    h = tf.layers.dense(h, after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
