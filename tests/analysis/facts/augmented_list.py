# `plan += [5]` changes the list that another name holds too.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    plan = [3]
    other = plan
    plan += [5]
    #? stage=static value=[3,5]
    sizes = list(other)
    h = features['x']
    for n in sizes:
        #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias
        h = tf.layers.dense(h, n)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
