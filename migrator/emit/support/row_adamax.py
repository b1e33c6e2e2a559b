"""Adamax that touches only the rows of a sparse gradient."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowAdamax(RowUpdates, keras.optimizers.Adamax):
    """Adamax as `tf.contrib.opt.AdaMaxOptimizer` computes it, sparse gradients included.

    The rows of an embedding that are not in the batch keep variable and moments; `keras.optimizers.Adamax` moves
    them all.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Decay of the first moment.
        beta_2: Decay of the infinity norm.
        epsilon: Added to the infinity norm.
    """

    slots = ("_m", "_u")

    def new_values(self, gradient, learning_rate, variable, first, norm):
        step = keras.ops.cast(self.iterations + 1, gradient.dtype)
        correction = 1 - keras.ops.power(keras.ops.cast(self.beta_1, gradient.dtype), step)
        first = first + (gradient - first) * (1 - self.beta_1)
        norm = keras.ops.maximum(self.beta_2 * norm, keras.ops.abs(gradient))
        return variable - learning_rate * first / (correction * (norm + self.epsilon)), first, norm
