"""Adadelta that touches only the rows of a sparse gradient."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowAdadelta(RowUpdates, keras.optimizers.Adadelta):
    """Adadelta as `tf.train.AdadeltaOptimizer` computes it, sparse gradients included.

    The rows of an embedding that are not in the batch keep variable and slots; `keras.optimizers.Adadelta` decays
    them all.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        rho: Decay of both means.
        epsilon: Added to both means before the root.
    """

    slots = ("_accumulated_grads", "_accumulated_delta_vars")

    def new_values(self, gradient, learning_rate, variable, mean_square, mean_step):
        mean_square = self.rho * mean_square + (1 - self.rho) * keras.ops.square(gradient)
        root = keras.ops.sqrt(mean_step + self.epsilon) / keras.ops.sqrt(mean_square + self.epsilon)
        step = root * gradient
        mean_step = self.rho * mean_step + (1 - self.rho) * keras.ops.square(step)
        return variable - learning_rate * step, mean_square, mean_step
