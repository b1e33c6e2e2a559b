# Operands and arguments are evaluated left to right, the inner ones first.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    x = features['x']
    #? var=dense/kernel,dense/bias,dense_1/kernel,dense_2/kernel
    h = tf.layers.dense(x, 4) + tf.layers.dense(tf.layers.dense(x, 5, use_bias=False), 4, use_bias=False)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
