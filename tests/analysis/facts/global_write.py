# A global that a function writes is not the value of its first assignment.
#? refuse?
import tensorflow as tf

COUNT = 3


def grow():
    global COUNT
    COUNT += 1
    return COUNT


def model_fn(features, labels, mode, params):
    first = grow()
    #? stage=static value=?
    second = grow()
    h = tf.layers.dense(features['x'], first)
    h = tf.layers.dense(h, second)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
