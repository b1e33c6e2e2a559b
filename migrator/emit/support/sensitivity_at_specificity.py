"""Sensitivity at the threshold whose specificity is nearest to a target."""

import keras


@keras.saving.register_keras_serializable(package="support")
class SensitivityAtSpecificity(keras.metrics.AUC):
    """The sensitivity at the threshold whose specificity is nearest to the target.

    As `tf.metrics.sensitivity_at_specificity`. `keras.metrics.SensitivityAtSpecificity` takes the best threshold
    beyond the target: 6 % apart in a sample.

    Args:
        specificity: The target in [0, 1].
        num_thresholds: How many thresholds to try.
        **kwargs: `name` and `dtype`.
    """

    def __init__(self, specificity, num_thresholds=200, **kwargs):
        super().__init__(num_thresholds, **kwargs)
        self.specificity = specificity

    def result(self):
        specificities = self.true_negatives / (self.true_negatives + self.false_positives + 1e-7)
        nearest = keras.ops.argmin(keras.ops.abs(specificities - self.specificity))
        sensitivities = self.true_positives / (self.true_positives + self.false_negatives + 1e-7)
        return keras.ops.take(sensitivities, nearest)

    def get_config(self):
        config = {key: value for key, value in super().get_config().items() if key in ("name", "dtype")}
        return {**config, "specificity": self.specificity, "num_thresholds": self.num_thresholds}
