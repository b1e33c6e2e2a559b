# A list filled once per trip: item i belongs to trip i.
import tensorflow as tf


def model_fn(features, labels, mode, params):
    sizes = []
    for k in range(3):
        sizes.append(4 + k)
    #? stage=static value=4
    first = sizes[0]
    #? stage=static value=6
    last = sizes[-1]
    h = tf.layers.dense(features['x'], first)
    h = tf.layers.dense(h, last)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
