# A dict entry is stale after its name is bound to another dict.
#? refuse?
import tensorflow as tf


def model_fn(features, labels, mode, params):
    table = {'n': 3}
    table['n'] = 5
    spare = {'n': 4}
    table = spare
    spare['n'] = 6
    #? stage=static value=6
    n = table['n']
    h = tf.layers.dense(features['x'], n)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
