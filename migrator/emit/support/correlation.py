"""Covariance and Pearson's correlation over all batches."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="support")
class Covariance(keras.metrics.Metric):
    """The unbiased covariance of labels and predictions over all batches; NaN for fewer than two of them.

    As `tf.contrib.metrics.streaming_covariance`; Keras has no such metric.

    Args:
        name: Name of the metric.
        dtype: Type of the sums.
    """

    def __init__(self, name="covariance", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.count = self.add_variable(shape=(), initializer="zeros", name="count")
        self.mean_label = self.add_variable(shape=(), initializer="zeros", name="mean_label")
        self.mean_prediction = self.add_variable(shape=(), initializer="zeros", name="mean_prediction")
        self.comoment = self.add_variable(shape=(), initializer="zeros", name="comoment")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels, predictions = tf.cast(y_true, self.dtype), tf.cast(y_pred, self.dtype)
        weights = tf.ones_like(labels) if sample_weight is None else tf.cast(sample_weight, self.dtype)
        weights = tf.broadcast_to(weights, tf.shape(labels))
        count = tf.reduce_sum(weights)
        total = self.count + count
        label = tf.math.divide_no_nan(tf.reduce_sum(labels * weights), count)
        prediction = tf.math.divide_no_nan(tf.reduce_sum(predictions * weights), count)
        inside = tf.reduce_sum((predictions - prediction) * (labels - label) * weights)
        apart = (self.mean_prediction - prediction) * (self.mean_label - label)
        self.comoment.assign_add(inside + apart * tf.math.divide_no_nan(self.count * count, total))
        self.mean_label.assign_add(tf.math.divide_no_nan((label - self.mean_label) * count, total))
        self.mean_prediction.assign_add(tf.math.divide_no_nan((prediction - self.mean_prediction) * count, total))
        self.count.assign_add(count)

    def result(self):
        known = self.count > 1.0
        return tf.where(known, self.comoment / tf.where(known, self.count - 1.0, 1.0), float("nan"))


@keras.saving.register_keras_serializable(package="support")
class PearsonCorrelation(keras.metrics.Metric):
    """Pearson's correlation of labels and predictions over all batches; NaN for fewer than two of them.

    As `tf.contrib.metrics.streaming_pearson_correlation`. `keras.metrics.PearsonCorrelation` takes the mean over the
    correlations inside each example.

    Args:
        name: Name of the metric.
        dtype: Type of the sums.
    """

    def __init__(self, name="pearson_correlation", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.together = Covariance("covariance", dtype)
        self.of_labels = Covariance("variance_labels", dtype)
        self.of_predictions = Covariance("variance_predictions", dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.together.update_state(y_true, y_pred, sample_weight)
        self.of_labels.update_state(y_true, y_true, sample_weight)
        self.of_predictions.update_state(y_pred, y_pred, sample_weight)

    def result(self):
        spread = tf.sqrt(self.of_predictions.result()) * tf.sqrt(self.of_labels.result())
        return self.together.result() / spread
