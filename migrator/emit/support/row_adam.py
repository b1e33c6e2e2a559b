"""Adam that touches only the rows of a sparse gradient."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowAdam(RowUpdates, keras.optimizers.Adam):
    """Adam as `tf.contrib.opt.LazyAdamOptimizer` computes it.

    The rows of an embedding that are not in the batch keep variable and moments; `keras.optimizers.Adam` moves them
    all.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        epsilon: Added to the root of the second moment.
    """

    slots = ("_momentums", "_velocities")

    def new_values(self, gradient, learning_rate, variable, first, second):
        step = keras.ops.cast(self.iterations + 1, gradient.dtype)
        correction = keras.ops.sqrt(1 - keras.ops.power(keras.ops.cast(self.beta_2, gradient.dtype), step))
        correction = correction / (1 - keras.ops.power(keras.ops.cast(self.beta_1, gradient.dtype), step))
        first = first + (gradient - first) * (1 - self.beta_1)
        second = second + (keras.ops.square(gradient) - second) * (1 - self.beta_2)
        root = keras.ops.sqrt(second) + self.epsilon
        return variable - learning_rate * correction * first / root, first, second
