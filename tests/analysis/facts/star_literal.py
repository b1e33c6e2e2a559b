# Star arguments from a literal tuple and dict are bound.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    args = (4, tf.nn.relu)
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(features['x'], *args)
    more = {'units': 5, 'use_bias': False}
    #? var=dense_1/kernel
    h = tf.layers.dense(h, **more)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
