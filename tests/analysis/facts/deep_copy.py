# A deep copy changes apart from its original, what is inside it too.
import copy
import tensorflow as tf


class Box:
    def __init__(self, n):
        self.n = n
        self.sizes = [n]


def model_fn(features, labels, mode, params):
    box = Box(3)
    other = copy.deepcopy(box)
    other.n = 5
    other.sizes.append(7)
    #? stage=static value=3
    n = box.n
    #? stage=static value=1
    count = len(box.sizes)
    #? stage=static value=5
    m = other.n
    h = tf.layers.dense(features['x'], n + count)
    logits = tf.layers.dense(h, m, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
