# Two names of one list: a change through one is seen through the other.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    plan = [3]
    same = plan
    same.append(5)
    #? stage=static value=[3,5]
    seen = list(plan)
    plan = plan + [7]
    same.append(9)
    #? stage=static value=[3,5,7]
    mine = list(plan)
    h = features['x']
    for n in mine:
        #? var=dense/kernel,dense/bias,dense_1/kernel,dense_1/bias,dense_2/kernel,dense_2/bias
        h = tf.layers.dense(h, n)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
