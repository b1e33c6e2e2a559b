# A mutable default that is written is one object for all calls.
#? refuse?
import tensorflow as tf


def counted(seen=[]):
    seen.append(1)
    return 2 + len(seen)


def model_fn(features, labels, mode, params):
    #? stage=static value=?
    first = counted()
    #? stage=static value=?
    second = counted()
    h = tf.layers.dense(features['x'], first)
    h = tf.layers.dense(h, second)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
