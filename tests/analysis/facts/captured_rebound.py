# A closure sees the value that its captured name has when it is called.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 3

    def wide(x):
        #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
        return tf.layers.dense(x, n)

    h = wide(features['x'])
    n = 5
    h = wide(h)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
