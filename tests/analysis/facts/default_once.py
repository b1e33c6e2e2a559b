# A default is the value at the definition, not at the call.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 3

    def sized(x, width=n):
        #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
        return tf.layers.dense(x, width)

    n = 7
    h = sized(features['x'])
    h = sized(h, n)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
