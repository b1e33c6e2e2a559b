"""Momentum that touches only the rows of a sparse gradient."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowMomentum(RowUpdates, keras.optimizers.SGD):
    """Gradient descent with momentum as `tf.train.MomentumOptimizer` computes it, sparse gradients included.

    The slot accumulates gradients, and the current learning rate multiplies the slot; the rows of an embedding that
    are not in the batch keep variable and slot. `keras.optimizers.SGD` moves them all: 90 % off after 100 steps.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        momentum: Float in [0, 1].
        nesterov: Whether to look one step ahead.
    """

    slots = ("momentums",)

    def new_values(self, gradient, learning_rate, variable, *slots):
        if not slots:
            return (variable - learning_rate * gradient,)
        slot = slots[0] * self.momentum + gradient
        step = gradient + self.momentum * slot if self.nesterov else slot
        return variable - learning_rate * step, slot
