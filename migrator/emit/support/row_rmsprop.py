"""RMSProp that touches only the rows of a sparse gradient."""

import keras

from .rmsprop import RMSProp
from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowRMSProp(RowUpdates, RMSProp):
    """RMSProp as `tf.train.RMSPropOptimizer` computes it, sparse gradients included.

    The mean square starts at 1, and the rows of an embedding that are not in the batch keep variable and slots.
    `keras.optimizers.RMSprop` decays them all: 10 % to 90 % off after 100 steps.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        rho: Discounting factor of the mean square.
        momentum: Float in [0, 1].
        epsilon: Added to the mean square before the root.
        centered: Whether to subtract the square of the mean gradient.
    """

    slots = ("_velocities", "_momentums", "_average_gradients")

    def new_values(self, gradient, learning_rate, variable, mean_square, *slots):
        momentum = slots[0] if self.momentum > 0 else None
        new = [self.rho * mean_square + (1 - self.rho) * keras.ops.square(gradient)]
        denominator = new[0] + self.epsilon
        mean = self.rho * slots[-1] + (1 - self.rho) * gradient if self.centered else None
        if mean is not None:
            denominator = denominator - keras.ops.square(mean)
        step = learning_rate * gradient / keras.ops.sqrt(denominator)
        if momentum is not None:
            step = self.momentum * momentum + step
            new.append(step)
        return (variable - step, *new) if mean is None else (variable - step, *new, mean)
