"""Means that count elements, not rows."""

import keras


@keras.saving.register_keras_serializable(package="support")
class ElementMean(keras.metrics.Mean):
    """The mean over all elements, as `tf.metrics.mean` computes it.

    `keras.metrics.Mean` takes the mean of each row first: rows of shorter batches weigh as much as those of longer
    ones. Both agree while all batches have rows of one length.
    """

    def update_state(self, values, sample_weight=None):
        values = keras.ops.cast(values, self.dtype)
        if sample_weight is not None:
            sample_weight = keras.ops.broadcast_to(keras.ops.cast(sample_weight, self.dtype), keras.ops.shape(values))
            sample_weight = keras.ops.reshape(sample_weight, (-1,))
        super().update_state(keras.ops.reshape(values, (-1,)), sample_weight)


@keras.saving.register_keras_serializable(package="support")
class ElementAccuracy(ElementMean):
    """The share of equal elements, as `tf.metrics.accuracy` computes it; `keras.metrics.Accuracy` averages rows."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(keras.ops.equal(y_true, keras.ops.cast(y_pred, y_true.dtype)), sample_weight)


@keras.saving.register_keras_serializable(package="support")
class MeanSquaredError(ElementMean):
    """The mean squared error over all elements, as `tf.metrics.mean_squared_error` computes it.

    On values of rank 1, `keras.metrics.MeanSquaredError` averages each batch first: a smaller last batch counts as
    much as the others.
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(keras.ops.square(keras.ops.subtract(y_pred, y_true)), sample_weight)


@keras.saving.register_keras_serializable(package="support")
class MeanAbsoluteError(ElementMean):
    """The mean absolute error over all elements, as `tf.metrics.mean_absolute_error` computes it.

    On values of rank 1, `keras.metrics.MeanAbsoluteError` averages each batch first: a smaller last batch counts as
    much as the others.
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(keras.ops.abs(keras.ops.subtract(y_pred, y_true)), sample_weight)


@keras.saving.register_keras_serializable(package="support")
class MeanRelativeError(ElementMean):
    """The mean absolute error divided by a normaliser of the batch; an element normalised by 0 counts as 0."""

    def __init__(self, name="mean_relative_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, normalizer, sample_weight=None):
        error = keras.ops.abs(keras.ops.subtract(y_true, y_pred))
        super().update_state(keras.ops.divide_no_nan(error, normalizer), sample_weight)


@keras.saving.register_keras_serializable(package="support")
class MeanCosineDistance(ElementMean):
    """One minus the mean product of unit vectors, as `tf.metrics.mean_cosine_distance` computes it.

    Args:
        axis: The axis of the vectors, which are not normalised here.
    """

    def __init__(self, axis, name="mean_cosine_distance", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.axis = axis

    def update_state(self, y_true, y_pred):
        products = keras.ops.sum(keras.ops.multiply(y_true, y_pred), axis=self.axis, keepdims=True)
        super().update_state(1.0 - products)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


@keras.saving.register_keras_serializable(package="support")
class PercentageBelow(ElementMean):
    """The share of the elements that are below a threshold, as `tf.metrics.percentage_below` computes it.

    Args:
        threshold: A number.
    """

    def __init__(self, threshold, name="percentage_below", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, values, sample_weight=None):
        super().update_state(keras.ops.less(values, self.threshold), sample_weight)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}
