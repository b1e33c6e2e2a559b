# A decorated function is what its decorator returns.
#? refuse?
import tensorflow as tf


def doubled(fn):
    def wrapped(x, n):
        return fn(fn(x, n), n)
    return wrapped


@doubled
def once(x, n):
    return tf.layers.dense(x, n)


def model_fn(features, labels, mode, params):
    #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
    h = once(features['x'], 4)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
