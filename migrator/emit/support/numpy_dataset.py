"""Datasets from arrays."""

import tensorflow as tf


def numpy_dataset(x, y=None, batch_size=128, num_epochs=1, shuffle=False):
    """Batches of rows of arrays, as `tf.estimator.inputs.numpy_input_fn` fed them.

    Epochs follow each other without a gap, so only the very last batch can be smaller.

    Args:
        x: An array, or name -> array.
        y: Labels in the same form; None: the dataset has features only.
        batch_size: Rows per batch.
        num_epochs: How often the rows are read. None: without end.
        shuffle: Whether each epoch has an order of its own.
    """
    dataset = tf.data.Dataset.from_tensor_slices(x if y is None else (x, y))
    if shuffle:
        dataset = dataset.shuffle(dataset.cardinality())
    return dataset.repeat(num_epochs).batch(batch_size)
