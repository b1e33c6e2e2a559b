"""Momentum whose slot holds raw gradients, so that a decaying learning rate acts at once."""

import keras


@keras.saving.register_keras_serializable(package="support")
class Momentum(keras.optimizers.SGD):
    """Gradient descent with momentum as `tf.train.MomentumOptimizer` computes it.

    The slot accumulates gradients, and the current learning rate multiplies the slot. `keras.optimizers.SGD` keeps
    the product of both in the slot: the same at a constant rate, but under a decaying one its weights are 0.2 % to
    100 % off after 100 steps.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        momentum: Float in [0, 1].
        nesterov: Whether to look one step ahead.
    """

    def update_step(self, gradient, variable, learning_rate):
        if not self.momentum:
            return super().update_step(gradient, variable, learning_rate)
        learning_rate = keras.ops.cast(learning_rate, variable.dtype)
        gradient = keras.ops.cast(gradient, variable.dtype)
        slot = self.momentums[self._get_variable_index(variable)]
        self.assign(slot, slot * self.momentum + gradient)
        step = gradient + self.momentum * slot if self.nesterov else slot
        self.assign_sub(variable, learning_rate * step)
