# A training argument is specialised per call path, never per definition.
import tensorflow as tf


def dropped(x, training):
    x = tf.layers.dense(x, 4)
    if training:
        x = 2.0 * x
    return tf.layers.dropout(x, 0.5, training=training)


def model_fn(features, labels, mode, params):
    #? modes=train
    training = mode == tf.estimator.ModeKeys.TRAIN
    #? var=dense/kernel,dense/bias
    h = dropped(features['x'], training)
    #? var=dense_1/kernel,dense_1/bias
    h = dropped(h, False)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
