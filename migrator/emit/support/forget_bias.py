"""The first biases of an LSTM that adds a number of its own to the forget gate."""

import keras


@keras.saving.register_keras_serializable(package="support")
class ForgetBias(keras.initializers.Initializer):
    """The biases of an LSTM with another `forget_bias` than one: zeros, but for the forget gate.

    TensorFlow 1 adds it in every step; here it is part of the bias. `unit_forget_bias` of Keras adds one.

    Args:
        value: What is added to the forget gate.
    """

    def __init__(self, value):
        self.value = value

    def __call__(self, shape, dtype=None):
        units = shape[-1] // 4
        zeros = keras.ops.zeros((units,), dtype)
        return keras.ops.concatenate([zeros, zeros + self.value, zeros, zeros])

    def get_config(self):
        return {"value": self.value}
