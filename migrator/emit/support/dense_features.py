"""The dense tensor that feature columns make of features."""

import keras
import tensorflow as tf


class TransformedFeatures:
    """What feature columns read: features by name, and what other columns make of them, each computed once."""

    def __init__(self, features):
        self._features, self._transformed = features, {}

    def get(self, key, state_manager, training=None):
        if key not in self._transformed:
            raw = key in self._features
            self._transformed[key] = self._column_of(key) if raw else key.transform_feature(self, state_manager)
        return self._transformed[key]

    def _column_of(self, name):
        """The feature with one row per example: a feature of rank 1 has one value in each."""
        feature = self._features[name]
        if isinstance(feature, tf.SparseTensor):
            return tf.sparse.expand_dims(feature, -1) if feature.shape.rank == 1 else feature
        feature = tf.convert_to_tensor(feature)
        if feature.shape.rank is None:
            return tf.cond(tf.rank(feature) == 1, lambda: tf.expand_dims(feature, -1), lambda: feature)
        return tf.expand_dims(feature, -1) if feature.shape.rank == 1 else feature


class DenseFeatures(keras.layers.Layer):
    """One dense tensor of a dictionary of features, as `tf.feature_column` columns describe it.

    The columns stand side by side in the order of their names, wherever they stand in the list. A feature may be a
    `tf.SparseTensor`; in a dense feature of a categorical column, `""` and -1 mean that the value is missing.

    Args:
        feature_columns: Numeric, bucketized, indicator and embedding columns: one, or an iterable of them.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, feature_columns, **kwargs):
        super().__init__(autocast=False, **kwargs)
        columns = [feature_columns] if hasattr(feature_columns, "get_dense_tensor") else feature_columns
        self.feature_columns = sorted(columns, key=lambda column: column.name)
        self.embedding_weights, self.tables, self._places = [], [], {}
        names = [column.name for column in self.feature_columns]
        if not names or len(names) > len(set(names)):
            raise ValueError(f"columns need different names, and there must be some: {names}")
        for column in self.feature_columns:
            column.create_state(self)

    def call(self, features):
        transformed = TransformedFeatures(features)
        tensors = []
        for column in self.feature_columns:
            tensor = column.get_dense_tensor(transformed, self)
            tensors.append(tf.reshape(tensor, (tf.shape(tensor)[0], column.variable_shape.num_elements())))
        return tf.concat(tensors, axis=1)

    # What a column keeps between calls: embedding weights, and the table of a vocabulary.

    def create_variable(self, column, name, shape, dtype=None, trainable=True, use_resource=True, initializer=None):
        self._places[column, name] = len(self.embedding_weights)
        label = column.name.replace("/", "_")
        weight = self.add_weight(shape, initializer, dtype=dtype.name, trainable=trainable, name=label)
        self.embedding_weights.append(weight)

    def get_variable(self, column, name):
        return self.embedding_weights[self._places[column, name]].value

    def has_resource(self, column, name):
        return (column, name) in self._places

    def get_resource(self, column, name):
        return self.tables[self._places[column, name]]

    def add_resource(self, column, name, resource):
        self._places[column, name] = len(self.tables)
        self.tables.append(resource)
