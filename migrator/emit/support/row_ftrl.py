"""Ftrl that touches only the rows of a sparse gradient."""

import keras

from .row_updates import RowUpdates


@keras.saving.register_keras_serializable(package="support")
class RowFtrl(RowUpdates, keras.optimizers.Ftrl):
    """Ftrl as `tf.train.FtrlOptimizer` computes it, sparse gradients included.

    The rows of an embedding that are not in the batch keep variable and slots. `keras.optimizers.Ftrl` shrinks them
    all: 70 % to 90 % off after 100 steps.

    Args: those of `keras.optimizers.Ftrl`.
    """

    slots = ("_accumulators", "_linears")

    def new_values(self, gradient, learning_rate, variable, accumulator, linear):
        power = -self.learning_rate_power
        l1, l2 = self.l1_regularization_strength, self.l2_regularization_strength
        new_accumulator = accumulator + keras.ops.square(gradient)
        root, new_root = keras.ops.power(accumulator, power), keras.ops.power(new_accumulator, power)
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * variable
        linear = linear + shrunk - (new_root - root) / learning_rate * variable
        quadratic = new_root / learning_rate + 2 * l2
        return (keras.ops.clip(linear, -l1, l1) - linear) / quadratic, new_accumulator, linear
