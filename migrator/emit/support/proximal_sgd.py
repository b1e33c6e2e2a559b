"""Gradient descent with proximal L1 and L2 steps."""

import keras

from .row_updates import RowUpdates
from .shrink import shrink


@keras.saving.register_keras_serializable(package="support")
class ProximalSGD(RowUpdates, keras.optimizers.SGD):
    """Gradient descent that shrinks the weights after each step, as `tf.train.ProximalGradientDescentOptimizer` does.

    Keras has no such optimizer. A sparse gradient changes only the rows that it names.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        l1: Strength of the L1 norm.
        l2: Strength of the L2 norm.
    """

    def __init__(self, learning_rate, l1=0.0, l2=0.0, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.l1 = l1
        self.l2 = l2

    def new_values(self, gradient, learning_rate, variable):
        return (shrink(variable - learning_rate * gradient, learning_rate, self.l1, self.l2),)

    def get_config(self):
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
