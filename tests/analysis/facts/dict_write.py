# A write to `__dict__` under an unknown name: no attribute of the object is known any more.
#? refuse?
import tensorflow as tf


class Box:
    def __init__(self, n):
        self.n = n

    @classmethod
    def filled(cls, values):
        box = cls(3)
        for key in values:
            box.__dict__[key] = values[key]
        return box


def model_fn(features, labels, mode, params):
    box = Box.filled(params)
    #? stage=static value=?
    n = box.n
    h = tf.layers.dense(features['x'], n)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
