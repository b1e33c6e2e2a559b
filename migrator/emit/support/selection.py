"""Selection by a condition that may choose whole rows."""

import tensorflow as tf


def where(condition, x=None, y=None):
    """Returns the elements of `x` where `condition` holds, else those of `y`; without both, the true positions.

    A vector chooses whole rows of `x` and `y`, as in TF1; the `tf.where` of today broadcasts it along the last axis.
    """
    if x is None and y is None:
        return tf.raw_ops.Where(condition=condition)
    condition, x = tf.convert_to_tensor(condition), tf.convert_to_tensor(x)
    if condition.shape.rank == 1 and x.shape.rank > 1:
        condition = tf.reshape(condition, [-1] + [1] * (x.shape.rank - 1))
    return tf.raw_ops.SelectV2(condition=condition, t=x, e=y)
