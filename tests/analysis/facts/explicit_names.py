# An explicit name occupies just itself.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(features['x'], 4, name='dense')
    #? var=dense_1/kernel,dense_1/bias
    h = tf.layers.dense(h, 4)
    #? var=dense_3/kernel,dense_3/bias
    h = tf.layers.dense(h, 4, name='dense_3')
    #? var=dense_2/kernel,dense_2/bias
    h = tf.layers.dense(h, 4)
    #? var=dense_4/kernel,dense_4/bias
    h = tf.layers.dense(h, 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
