# The names of six are those of Python 3.
import six
import tensorflow as tf
from six.moves import xrange, zip


def model_fn(features, labels, mode, params):
    h = features['x']
    for number in xrange(2):
        #? var=layer_0/kernel,layer_0/bias,layer_1/kernel,layer_1/bias
        h = tf.layers.dense(h, 4, name='layer_%d' % number)
    for name, size in six.iteritems({'first': 4, 'second': 5}):
        #? var=first/kernel,first/bias,second/kernel,second/bias
        h = tf.layers.dense(h, size, name=name)
    for name, size in zip(['third'], six.moves.range(6, 7)):
        #? var=third/kernel,third/bias
        h = tf.layers.dense(h, size, name=name)
    if six.PY2:
        h = tf.layers.dense(h, 2, name='older')
    #? var=logits/kernel,logits/bias
    logits = tf.layers.dense(h, 3, name='logits')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
