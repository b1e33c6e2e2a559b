"""Recall, precision and average precision among the k best classes."""

import keras


@keras.saving.register_keras_serializable(package="support")
class RecallAtK(keras.metrics.Mean):
    """The share of examples whose label is among the k classes with the highest scores.

    As `tf.metrics.recall_at_k` with one label per example.

    Args:
        k: How many classes count as predicted.
        name: Name of the metric.
        dtype: Type of the result.
    """

    def __init__(self, k, name="recall_at_k", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.k = k

    def update_state(self, y_true, y_pred, sample_weight=None):
        best = keras.ops.top_k(y_pred, self.k)[1]
        labels = keras.ops.reshape(keras.ops.cast(y_true, best.dtype), (-1, 1))
        hits = keras.ops.any(keras.ops.equal(best, labels), axis=-1)
        if sample_weight is not None:
            sample_weight = keras.ops.reshape(sample_weight, (-1,))
        super().update_state(keras.ops.cast(hits, self.dtype), sample_weight)

    def get_config(self):
        return {**super().get_config(), "k": self.k}


@keras.saving.register_keras_serializable(package="support")
class PrecisionAtK(RecallAtK):
    """The share of right classes among the k classes with the highest scores.

    As `tf.metrics.precision_at_k` with one label per example.

    Args:
        k: How many classes count as predicted.
        name: Name of the metric.
        dtype: Type of the result.
    """

    def __init__(self, k, name="precision_at_k", dtype=None):
        super().__init__(k, name=name, dtype=dtype)

    def result(self):
        return super().result() / self.k


@keras.saving.register_keras_serializable(package="support")
class AveragePrecisionAtK(RecallAtK):
    """The mean of 1 / rank of each example's label among the k classes with the highest scores; 0 outside of them.

    As `tf.metrics.average_precision_at_k` with one label per example.

    Args:
        k: How many classes count as predicted.
        name: Name of the metric.
        dtype: Type of the result.
    """

    def __init__(self, k, name="average_precision_at_k", dtype=None):
        super().__init__(k, name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        best = keras.ops.top_k(y_pred, self.k)[1]
        labels = keras.ops.reshape(keras.ops.cast(y_true, best.dtype), (-1, 1))
        hits = keras.ops.cast(keras.ops.equal(best, labels), self.dtype)
        precisions = keras.ops.sum(hits / keras.ops.arange(1, self.k + 1, dtype=self.dtype), axis=-1)
        if sample_weight is not None:
            sample_weight = keras.ops.reshape(sample_weight, (-1,))
        keras.metrics.Mean.update_state(self, precisions, sample_weight)
