"""The mean of the accuracies of all classes."""

import keras


@keras.saving.register_keras_serializable(package="support")
class MeanPerClassAccuracy(keras.metrics.Metric):
    """The mean over the classes of the share of their examples that are predicted right.

    As `tf.metrics.mean_per_class_accuracy`; Keras has no such metric. A class without examples counts as 0.

    Args:
        num_classes: The number of classes.
        name: Name of the metric.
        dtype: Type of the result.
    """

    def __init__(self, num_classes, name="mean_per_class_accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.total = self.add_variable(shape=(num_classes,), initializer="zeros", name="total")
        self.correct = self.add_variable(shape=(num_classes,), initializer="zeros", name="correct")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels = keras.ops.reshape(keras.ops.cast(y_true, "int32"), (-1,))
        predictions = keras.ops.reshape(keras.ops.cast(y_pred, "int32"), (-1,))
        rows = keras.ops.one_hot(labels, self.num_classes, dtype=self.dtype)
        if sample_weight is not None:
            rows = rows * keras.ops.reshape(keras.ops.cast(sample_weight, self.dtype), (-1, 1))
        right = keras.ops.cast(keras.ops.equal(labels, predictions), self.dtype)
        self.total.assign_add(keras.ops.sum(rows, axis=0))
        self.correct.assign_add(keras.ops.sum(rows * right[:, None], axis=0))

    def result(self):
        return keras.ops.mean(keras.ops.divide_no_nan(self.correct, self.total))

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
