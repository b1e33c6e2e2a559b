"""Adagrad with dual averaging."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class AdagradDA(RowUpdates, keras.optimizers.Optimizer):
    """Adagrad with dual averaging, as `tf.train.AdagradDAOptimizer` computes it.

    Keras has no such optimizer. The weights follow from the sum of all gradients, so that L1 leaves exact zeros.
    A sparse gradient changes only the rows that it names.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        initial_accumulator_value: Where the sum of squares starts.
        l1: Strength of the L1 norm.
        l2: Strength of the L2 norm.
    """

    slots = ("_sums", "_squares")

    def __init__(self, learning_rate, initial_accumulator_value=0.1, l1=0.0, l2=0.0, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value = initial_accumulator_value
        self.l1 = l1
        self.l2 = l2

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        start = keras.initializers.Constant(self.initial_accumulator_value)
        self._sums, self._squares = self.add_optimizer_variables(
            variables, ["gradient_sum", "gradient_square_sum"], initializer=["zeros", start]
        )

    def new_values(self, gradient, learning_rate, variable, total, squares):
        total = total + gradient
        squares = squares + keras.ops.square(gradient)
        steps = keras.ops.cast(self.iterations + 1, gradient.dtype)
        pull = total
        if self.l1:
            pull = keras.ops.sign(total) * keras.ops.maximum(keras.ops.abs(total) - self.l1 * steps, 0)
        new = -learning_rate * pull / (self.l2 * steps * learning_rate + keras.ops.sqrt(squares))
        return new, total, squares

    def get_config(self):
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1": self.l1,
            "l2": self.l2,
        }
