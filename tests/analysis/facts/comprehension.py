# A comprehension is a loop with its own names.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 9
    #? var=dense/kernel,dense_1/kernel
    towers = [tf.layers.dense(features['x'], n, use_bias=False) for n in (3, 4)]
    #? stage=static value=9
    after = n
    h = tf.concat(towers, 1) * after
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
