# Rebinding a base kills what was known below it.
import tensorflow as tf


class Box:
    def __init__(self, n):
        self.n = n


def model_fn(features, labels, mode, params):
    box = Box(3)
    box.n = 5
    #? stage=static value=5
    before = box.n
    box = Box(4)
    #? stage=static value=4
    after = box.n
    h = tf.layers.dense(features['x'], before)
    h = tf.layers.dense(h, after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
