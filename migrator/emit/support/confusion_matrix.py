"""How often each class was predicted as each."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="support")
class ConfusionMatrix(keras.metrics.Metric):
    """Counts, over all batches, how often each class was predicted as each; weights count instead of ones.

    As the streaming confusion matrix of `tf.metrics`; Keras has no such metric. Rows are the true classes.

    Args:
        num_classes: The number of classes.
        name: Name of the metric.
        dtype: Type of the counts.
    """

    def __init__(self, num_classes, name="confusion_matrix", dtype="float64"):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.counts = self.add_variable(
            shape=(num_classes, num_classes), initializer="zeros", dtype=dtype, name="counts"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = tf.reshape(tf.cast(y_true, tf.int64), [-1])
        predictions = tf.reshape(tf.cast(y_pred, tf.int64), [-1])
        weights = None if sample_weight is None else tf.reshape(tf.cast(sample_weight, self.dtype), [-1])
        self.counts.assign_add(
            tf.math.confusion_matrix(labels, predictions, self.num_classes, weights=weights, dtype=self.dtype)
        )

    def result(self):
        return tf.convert_to_tensor(self.counts)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
