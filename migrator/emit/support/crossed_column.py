"""Crosses of features, hashed as tf.contrib.layers did."""

import tensorflow as tf


def crossed_column(columns, hash_bucket_size, hash_key=None):
    """A column of the combinations of other columns' values, in the buckets of `tf.contrib.layers.crossed_column`.

    Args:
        columns: Categorical and bucketized columns. Words are crossed as they are, not as ids of a vocabulary.
        hash_bucket_size: The number of buckets.
        hash_key: The key of the hash that `tf.feature_column.crossed_column` has too. None: the older hash.
    """
    ordered = sorted(columns, key=lambda column: column.name)
    keys = tuple(getattr(column, "key", column) for column in ordered)
    if hash_key is not None:
        return tf.feature_column.crossed_column(keys, hash_bucket_size, hash_key=hash_key)
    return CombinedCross(keys, hash_bucket_size, None)


class CombinedCross(type(tf.feature_column.crossed_column(("a", "b"), 2))):
    """A crossed column with the hash that `tf.contrib.layers` had where no `hash_key` was given."""

    def transform_feature(self, features, state_manager):
        tensors = [
            features.get(key, state_manager)
            if isinstance(key, str)
            else key.get_sparse_tensors(features, state_manager).id_tensor
            for key in self._leaves()
        ]
        tensors.sort(key=lambda tensor: not isinstance(tensor, tf.SparseTensor))  # sparse features were crossed first
        crossed = None
        for tensor in tensors:
            rows = _hashes(tensor)
            if crossed is None:
                start = tf.fill(tf.shape(rows.values), tf.constant(0xDECAFCAFFE, tf.int64))
                crossed = rows.with_values(_combined(start, rows.values))
            else:
                crossed = _products(crossed, rows)
        buckets = tf.cast(crossed.values, tf.uint64) % tf.constant(self.hash_bucket_size, tf.uint64)
        return crossed.with_values(tf.cast(buckets, tf.int64)).to_sparse()

    def _leaves(self):
        for key in self.keys:
            yield from key._leaves() if isinstance(key, CombinedCross) else [key]


def _hashes(tensor):
    """A hash for each value of a feature, row by row: its fingerprint, or the number itself."""
    sparse = isinstance(tensor, tf.SparseTensor)
    values = tensor.values if sparse else tf.reshape(tensor, [-1])
    hashes = tf.bitcast(tf.fingerprint(values), tf.int64) if values.dtype == tf.string else tf.cast(values, tf.int64)
    if sparse:
        return tf.RaggedTensor.from_value_rowids(hashes, tensor.indices[:, 0], tensor.dense_shape[0])
    return tf.RaggedTensor.from_tensor(tf.reshape(hashes, tf.shape(tensor)))


def _products(left, right):
    """Each hash of a row combined with each of the same row on the right."""
    rows = left.value_rowids()
    counts = tf.gather(right.row_lengths(), rows)
    starts = tf.gather(right.row_starts(), rows)
    others = tf.gather(right.values, tf.ragged.range(starts, starts + counts).values)
    combined = _combined(tf.repeat(left.values, counts), others)
    return tf.RaggedTensor.from_value_rowids(combined, tf.repeat(rows, counts), left.nrows())


def _combined(left, right):
    """Two hashes as one: sums wrap around, and the shift to the right keeps the sign."""
    shifted = tf.bitwise.left_shift(left, 10) + tf.bitwise.right_shift(left, 4)
    return tf.bitwise.bitwise_xor(left, right + (0x9E3779B97F4A7800 - 2**64) + shifted)
