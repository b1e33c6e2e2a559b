"""Nadam without a momentum schedule."""

import keras


@keras.saving.register_keras_serializable(package="support")
class Nadam(keras.optimizers.Adam):
    """Nadam as `tf.contrib.opt.NadamOptimizer` computes it, for dense gradients.

    Nesterov momentum inside Adam's step, with constant betas. `keras.optimizers.Nadam` warms its momentum up: its
    weights are 4e-2 relative off after 100 steps.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: Decay of the first moment.
        beta_2: Decay of the second moment.
        epsilon: Added to the root of the second moment.
    """

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = keras.ops.cast(gradient, dtype)
        step = keras.ops.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        first, second = self._momentums[index], self._velocities[index]
        rate = keras.ops.cast(learning_rate, dtype)
        rate = rate * keras.ops.sqrt(1 - keras.ops.power(keras.ops.cast(self.beta_2, dtype), step))
        rate = rate / (1 - keras.ops.power(keras.ops.cast(self.beta_1, dtype), step))
        self.assign_add(first, (gradient - first) * (1 - self.beta_1))
        self.assign_add(second, (keras.ops.square(gradient) - second) * (1 - self.beta_2))
        ahead = first * self.beta_1 + (1 - self.beta_1) * gradient
        self.assign_sub(variable, rate * ahead / (keras.ops.sqrt(second) + self.epsilon))
