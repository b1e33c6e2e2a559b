"""The best F1 score over a row of thresholds."""

import keras


@keras.saving.register_keras_serializable(package="support")
class BestF1Score(keras.metrics.AUC):
    """The F1 score of the positive class at the threshold where it is best.

    As `tf.contrib.metrics.f1_score`. `keras.metrics.F1Score` takes one threshold.

    Args:
        num_thresholds: How many thresholds to try.
        **kwargs: `name` and `dtype`.
    """

    def __init__(self, num_thresholds=200, **kwargs):
        super().__init__(num_thresholds, **kwargs)

    def result(self):
        precision = self.true_positives / (1e-7 + self.true_positives + self.false_positives)
        recall = self.true_positives / (1e-7 + self.true_positives + self.false_negatives)
        return keras.ops.max(2.0 * precision * recall / (precision + recall + 1e-7))

    def get_config(self):
        config = {key: value for key, value in super().get_config().items() if key in ("name", "dtype")}
        return {**config, "num_thresholds": self.num_thresholds}
