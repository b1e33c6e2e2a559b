"""The proximal step of the L1 and L2 norms."""

import keras


def shrink(values, rate, l1, l2):
    """Returns `values` drawn towards zero by `rate * l1`, never past it, and divided by `1 + rate * l2`."""
    if l1:
        values = keras.ops.sign(values) * keras.ops.maximum(keras.ops.abs(values) - rate * l1, 0)
    return values / (1 + rate * l2)
