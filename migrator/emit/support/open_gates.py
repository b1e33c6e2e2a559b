"""The first biases of a GRU."""

import keras


@keras.saving.register_keras_serializable(package="support")
class OpenGates(keras.initializers.Initializer):
    """The biases of `tf.nn.rnn_cell.GRUCell`: ones for its two gates, zeros for the candidate.

    `keras.layers.GRU` begins with zeros for all three.
    """

    def __call__(self, shape, dtype=None):
        units = shape[-1] // 3
        ones, zeros = keras.ops.ones((2 * units,), dtype), keras.ops.zeros((units,), dtype)
        return keras.ops.concatenate([ones, zeros])
