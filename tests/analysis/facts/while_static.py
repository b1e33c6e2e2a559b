# A `while` over known numbers runs as often as it says.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 8
    h = features['x']
    while n > 2:
        #? var?=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
        h = tf.layers.dense(h, n)
        n //= 2
    #? stage=static value=?
    after = n
    h = tf.layers.dense(h, after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
