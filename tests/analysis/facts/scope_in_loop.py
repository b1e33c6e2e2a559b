# A scope named by the trip, with default names inside.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    h = features['x']
    for i in range(2):
        with tf.variable_scope('part_%d' % i):
            #? var=part_0/dense/kernel,part_0/dense/bias,part_1/dense/kernel,part_1/dense/bias
            h = tf.layers.dense(h, 4)
            #? var=part_0/dense_1/kernel,part_1/dense_1/kernel
            h = tf.layers.dense(h, 4, use_bias=False)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
