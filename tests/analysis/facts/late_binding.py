# A closure over a loop variable sees its last value.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    fns = []
    for n in [3, 5]:
        fns.append(lambda x: tf.layers.dense(x, n))
    #? var=dense/kernel,dense/bias
    h = fns[0](features['x'])
    #? stage=static value=5
    last = n
    h = h * last
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
