# A default argument binds the loop variable of its trip.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    fns = []
    for n in [3, 5]:
        fns.append(lambda x, n=n: tf.layers.dense(x, n))
    #? var=dense/kernel,dense/bias
    h = fns[0](features['x'])
    #? var=dense_1/kernel,dense_1/bias
    h = fns[1](h)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
