"""Division by the type of its operands."""

import tensorflow as tf


def div(x, y):
    """Returns `x / y`, rounded down for integers, as `tf.div` computes it; `tf.divide` never rounds."""
    x = tf.convert_to_tensor(x)
    return x // y if x.dtype.is_integer else x / y
