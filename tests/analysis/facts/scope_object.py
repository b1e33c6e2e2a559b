# A captured scope entered again shares, and starts to count anew.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    x = features['x']
    with tf.variable_scope('net') as scope:
        #? var=net/fc/kernel,net/fc/bias
        one = tf.layers.dense(x, 4, name='fc')
    with tf.variable_scope(scope, reuse=True):
        #? var=
        two = tf.layers.dense(x, 4, name='fc')
    h = one - 2.0 * two
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
