# The `else` of a loop runs unless a break left it.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    n = 1
    for k in [3, 4]:
        if k == 9:
            n = 2
            break
    else:
        n = 6
    #? stage=static value=6
    after = n
    h = tf.layers.dense(features['x'], after)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
