"""Adagrad that sums the rows of one index before it squares them."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowAdagrad(RowUpdates, keras.optimizers.Adagrad):
    """Adagrad as `tf.train.AdagradOptimizer` computes it, sparse gradients included.

    `keras.optimizers.Adagrad` squares the occurrences of a row one by one: 26 % off after one step of a row that
    occurs twice.

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        initial_accumulator_value: Where the sum of squares starts.
        epsilon: Added to the sum of squares; TF1 adds nothing.
    """

    slots = ("_accumulators",)

    def new_values(self, gradient, learning_rate, variable, accumulator):
        accumulator = accumulator + keras.ops.square(gradient)
        return variable - learning_rate * gradient / keras.ops.sqrt(accumulator + self.epsilon), accumulator
