# A nonlocal write is seen by the function that reads the name afterwards.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 3

    def grow():
        nonlocal n
        n = 5

    grow()
    #? stage=static value=5
    after = n
    h = tf.layers.dense(features['x'], after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
