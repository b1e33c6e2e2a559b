# A layer object takes its name at its first call, not when it is made.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    fc = tf.layers.Dense(6)
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(features['x'], 6)
    #? var=dense_1/kernel,dense_1/bias
    h = fc(h)
    #? var=
    h = fc(h)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
