"""Learning rates that are computed from the step."""

import keras
import tensorflow as tf


class StepSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that a function of the step computes.

    Args:
        function: Called with the step, a scalar of int64; returns the rate.
    """

    def __init__(self, function):
        super().__init__()
        self.function = function

    def __call__(self, step):
        return self.function(tf.cast(step, tf.int64))

    def get_config(self):
        return {"function": self.function}
