# What follows a `break` in a loop is conditional on the trip.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = features['x']
    for n in [3, 4, 5]:
        if n == 5:
            break
        #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
        h = tf.layers.dense(h, n)
    #? stage=static value=5
    after = n
    h = tf.layers.dense(h, after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
