"""The hard sigmoid of tf.keras."""

import keras


@keras.saving.register_keras_serializable(package="support")
def hard_sigmoid(x):
    """Returns `0.2 * x + 0.5` clipped to [0, 1], as tf.keras computes it; the slope in Keras 3 is 1/6."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)
