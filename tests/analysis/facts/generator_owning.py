# A generator's body runs later and interleaved: refused where it owns variables.
import tensorflow as tf


#? refuse: *
def pieces(x):
    for _ in range(2):
        x = tf.layers.dense(x, 4)
        yield x


def model_fn(features, labels, mode, params):
    h = features['x']
    for piece in pieces(h):
        h = tf.nn.relu(piece)
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
