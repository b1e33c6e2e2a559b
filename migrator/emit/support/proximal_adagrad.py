"""Adagrad with proximal L1 and L2 steps."""

import keras

from .row_updates import RowUpdates
from .shrink import shrink


@keras.saving.register_keras_serializable(package="support")
class ProximalAdagrad(RowUpdates, keras.optimizers.Adagrad):
    """Adagrad that shrinks the weights after each step, as `tf.train.ProximalAdagradOptimizer` does.

    Keras has no such optimizer. A sparse gradient changes only the rows that it names.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        initial_accumulator_value: Where the sum of squares starts.
        l1: Strength of the L1 norm.
        l2: Strength of the L2 norm.
    """

    slots = ("_accumulators",)

    def __init__(self, learning_rate, initial_accumulator_value=0.1, l1=0.0, l2=0.0, **kwargs):
        kwargs.setdefault("epsilon", 0.0)
        super().__init__(learning_rate, initial_accumulator_value, **kwargs)
        self.l1 = l1
        self.l2 = l2

    def new_values(self, gradient, learning_rate, variable, accumulator):
        accumulator = accumulator + keras.ops.square(gradient)
        rate = learning_rate / keras.ops.sqrt(accumulator)
        return shrink(variable - rate * gradient, rate, self.l1, self.l2), accumulator

    def get_config(self):
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}
