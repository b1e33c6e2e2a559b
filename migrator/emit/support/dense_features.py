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
        self.feature_columns = sorted(columns, key=self.order)
        self.embedding_weights, self.tables, self._places = [], [], {}
        names = [column.name for column in self.feature_columns]
        if not names or len(names) > len(set(names)):
            raise ValueError(f"columns need different names, and there must be some: {names}")
        for column in self.feature_columns:
            column.create_state(self)

    def order(self, column):
        """What columns are sorted by."""
        return column.name

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


class LinearModel(DenseFeatures):
    """A weighted sum of a dictionary of features, as `tf.feature_column.linear_model` computes it.

    Each number of a dense column and each id of a categorical one has a weight per unit; all start from zero.

    Args:
        feature_columns: Numeric, bucketized and categorical columns: one, or an iterable of them.
        units: The number of sums.
        sparse_combiner: What becomes of several ids in one example: `"sum"`, `"mean"` or `"sqrtn"`.
        **kwargs: Arguments of `keras.layers.Layer`.
    """

    def __init__(self, feature_columns, units=1, sparse_combiner="sum", **kwargs):
        super().__init__(feature_columns, **kwargs)
        self.sparse_combiner = sparse_combiner
        self.column_weights = []
        for column in self.feature_columns:
            categorical = hasattr(column, "get_sparse_tensors")
            size = column.num_buckets if categorical else column.variable_shape.num_elements()
            self.column_weights.append(self.add_weight((size, units), "zeros", name=column.name.replace("/", "_")))
        self.bias = self.add_weight((units,), "zeros", name="bias")

    def call(self, features):
        transformed = TransformedFeatures(features)
        pairs = zip(self.feature_columns, self.column_weights, strict=True)
        return tf.add_n([self._sum(column, weight.value, transformed) for column, weight in pairs]) + self.bias

    def _sum(self, column, weight, transformed):
        if hasattr(column, "get_sparse_tensors"):
            ids, shares = column.get_sparse_tensors(transformed, self)
            ids = tf.sparse.reshape(ids, (tf.shape(ids)[0], -1))
            if shares is not None:
                shares = tf.sparse.reshape(shares, (tf.shape(shares)[0], -1))
            return tf.nn.safe_embedding_lookup_sparse(weight, ids, shares, combiner=self.sparse_combiner)
        tensor = column.get_dense_tensor(transformed, self)
        return tf.matmul(tf.reshape(tensor, (tf.shape(tensor)[0], weight.shape[0])), weight)
