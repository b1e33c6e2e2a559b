"""Datasets from data frames."""

from .numpy_dataset import numpy_dataset


def pandas_dataset(x, y=None, batch_size=128, num_epochs=1, shuffle=False):
    """Batches of rows of a data frame, as `tf.estimator.inputs.pandas_input_fn` fed them: a feature for each column.

    Args:
        x: The data frame of the features.
        y: The series of the labels, or a data frame of several; None: the dataset has features only.
        batch_size: Rows per batch.
        num_epochs: How often the rows are read. None: without end.
        shuffle: Whether each epoch has an order of its own.
    """

    def columns(frame):
        return {name: frame[name].to_numpy() for name in frame.columns}

    labels = columns(y) if hasattr(y, "columns") else None if y is None else y.to_numpy()
    return numpy_dataset(columns(x), labels, batch_size, num_epochs, shuffle)
