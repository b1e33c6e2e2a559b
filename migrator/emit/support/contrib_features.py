"""Feature columns as tf.contrib.layers read them."""

import numpy as np
import tensorflow as tf

from .dense_features import DenseFeatures


class ContribFeatures(DenseFeatures):
    """One dense tensor of a dictionary of features, its columns in the order of `tf.contrib.layers`.

    First the buckets, then embeddings, indicators and numbers; among their like by the kind of their ids, then by name.

    Args:
        feature_columns: Numeric, bucketized, indicator and embedding columns: one, or an iterable of them.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def order(self, column):
        """The kind of a column, then what its ids or numbers come from."""
        if isinstance(column, str):
            return [column]
        kind = type(column).__name__.replace("VocabularyList", "Keys")  # which came before files
        return [kind, *(word for parent in column.parents for word in self.order(parent))]


def embedding_column(categorical_column, dimension, initializer=None, **options):
    """An embedding column as `tf.contrib.layers` made it: the more ids there are, the smaller its weights begin.

    Args:
        categorical_column: A categorical column.
        dimension: The size of the embedding.
        initializer: What the weights start from. None: a truncated normal of the deviation `1 / sqrt(ids)`.
        **options: Other arguments of `tf.feature_column.embedding_column`.
    """
    if initializer is None:
        initializer = tf.keras.initializers.TruncatedNormal(stddev=categorical_column.num_buckets**-0.5)
    return tf.feature_column.embedding_column(categorical_column, dimension, initializer=initializer, **options)


def inferred_columns(x):
    """The numeric columns of a matrix, whose name is empty, or of a dictionary of matrices."""
    matrices = x if isinstance(x, dict) else {"": x}
    sizes = {name: np.reshape(matrix, (len(matrix), -1)).shape[1] for name, matrix in matrices.items()}
    return [tf.feature_column.numeric_column(name, shape=size) for name, size in sorted(sizes.items())]
