# A walrus inside a comprehension binds outside it.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    sizes = [(last := k + 2) for k in range(3)]
    #? stage=static value=?
    outside = last
    h = tf.layers.dense(features['x'], outside)
    h = tf.layers.dense(h, sizes[0])
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
