"""RMSProp whose mean square starts at one."""

import keras


@keras.saving.register_keras_serializable(package="support")
class RMSProp(keras.optimizers.RMSprop):
    """RMSProp as `tf.train.RMSPropOptimizer` computes it.

    The mean square of the gradients starts at 1 instead of 0: with `keras.optimizers.RMSprop` the weights are 6e-2
    (with momentum 3e0) relative off after 100 steps.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        rho: Discounting factor of the mean square.
        momentum: Float in [0, 1].
        epsilon: Added to the mean square before the root.
        centered: Whether to subtract the square of the mean gradient.
    """

    def build(self, variables):
        fresh = not self.built
        super().build(variables)
        if fresh:
            for mean_square in self._velocities:
                mean_square.assign(keras.ops.ones_like(mean_square))
