"""Specificity at the threshold whose sensitivity is nearest to a target."""

import keras


@keras.saving.register_keras_serializable(package="support")
class SpecificityAtSensitivity(keras.metrics.AUC):
    """The specificity at the last threshold whose sensitivity is nearest to the target.

    As `tf.metrics.specificity_at_sensitivity`. `keras.metrics.SpecificityAtSensitivity` takes the best threshold
    beyond the target: 3 % apart in a sample.

    Args:
        sensitivity: The target in [0, 1].
        num_thresholds: How many thresholds to try.
        **kwargs: `name` and `dtype`.
    """

    def __init__(self, sensitivity, num_thresholds=200, **kwargs):
        super().__init__(num_thresholds, **kwargs)
        self.sensitivity = sensitivity

    def result(self):
        sensitivities = self.true_positives / (self.true_positives + self.false_negatives + 1e-7)
        distance = keras.ops.abs(sensitivities - self.sensitivity)
        nearest = self.num_thresholds - 1 - keras.ops.argmin(keras.ops.flip(distance))
        specificities = self.true_negatives / (self.true_negatives + self.false_positives + 1e-7)
        return keras.ops.take(specificities, nearest)

    def get_config(self):
        config = {key: value for key, value in super().get_config().items() if key in ("name", "dtype")}
        return {**config, "sensitivity": self.sensitivity, "num_thresholds": self.num_thresholds}
