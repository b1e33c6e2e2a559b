"""Batches of arrays in the order of tf.contrib.learn."""

import numpy as np
import tensorflow as tf


def array_batches(x, y=None, batch_size=None, epochs=1, shuffle=False):
    """Batches of rows as `fit(x=..., y=...)` of `tf.contrib.learn.Estimator` fed them, in the same order.

    Columns of one-dimensional `x` and single columns of `y` take the shapes that they had there. The last batch of an
    epoch may be smaller.

    Args:
        x: An array, or name -> array.
        y: Labels in the same form; None: the dataset has features only.
        batch_size: Rows per batch. None: all.
        epochs: How often the rows are read. None: without end.
        shuffle: Whether each epoch has an order of its own.
    """
    x = tf.nest.map_structure(lambda rows: _two_dimensional(np.asarray(rows)), x)
    arrays = x
    if y is not None:
        arrays = x, tf.nest.map_structure(lambda rows: _without_single_column(np.asarray(rows)), y)
    rows = len(tf.nest.flatten(x)[0])
    size = batch_size or rows

    def part(chosen):
        return tf.nest.map_structure(lambda array: array[chosen], arrays)

    def batches():
        random = np.random.RandomState(42)
        epoch = 0
        while epochs is None or epoch < epochs:
            order = random.permutation(rows) if shuffle else np.arange(rows)
            for start in range(0, rows, size):
                yield part(order[start : start + size])
            epoch += 1

    specs = tf.nest.map_structure(lambda array: tf.TensorSpec((None, *array.shape[1:]), array.dtype), arrays)
    return tf.data.Dataset.from_generator(batches, output_signature=specs)


def _two_dimensional(array):
    """Features of one dimension as a column."""
    return array.reshape(-1, 1) if array.ndim == 1 else array


def _without_single_column(array):
    """Labels of one column as a vector."""
    return array[:, 0] if array.ndim > 1 and array.shape[1] == 1 else array
