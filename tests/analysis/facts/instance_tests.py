# What a container or a constant is an instance of is known, also through the abstract classes of Python.
import collections
import numbers

import six
import tensorflow as tf


def model_fn(features, labels, mode, params):
    #? stage=static value=True
    listed = isinstance([4], collections.abc.Sequence)
    #? stage=static value=True
    mapped = isinstance({'a': 4}, collections.abc.Mapping)
    #? stage=static value=False
    tabled = isinstance((4, 5), (dict, list))
    #? stage=static value=True
    counted = isinstance(True, int)
    #? stage=static value=True
    worded = isinstance('a', six.string_types)
    units = 4 if isinstance(4, numbers.Number) else 5
    #? var=dense/kernel,dense/bias
    h = tf.layers.dense(features['x'], units)
    #? var=logits/kernel,logits/bias
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
