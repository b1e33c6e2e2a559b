"""The squared error between the differences of all pairs."""

import keras


def mean_pairwise_squared_error(labels, predictions):
    """Returns the sum over the batch of the mean squared error between the pairwise differences within each row.

    As `tf.losses.mean_pairwise_squared_error` without weights; Keras has no such loss.
    """
    difference = keras.ops.subtract(predictions, labels)
    axes = tuple(range(1, len(difference.shape)))
    count = keras.ops.cast(keras.ops.prod(keras.ops.shape(difference)[1:]), difference.dtype)
    squares = keras.ops.sum(keras.ops.square(difference), axis=axes)
    square = keras.ops.square(keras.ops.sum(difference, axis=axes))
    first = keras.ops.divide_no_nan(squares, count - 1)
    second = keras.ops.divide_no_nan(square, count * (count - 1))
    return keras.ops.sum(2.0 * first - 2.0 * second)
