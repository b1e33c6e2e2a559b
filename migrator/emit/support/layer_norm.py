"""Layer normalisation over several axes with one scale and offset per channel."""

import keras


@keras.saving.register_keras_serializable(package="support")
class LayerNorm(keras.layers.Layer):
    """Layer normalisation as `tf.contrib.layers.layer_norm` computes it.

    All axes from `begin_norm_axis` on are normalised together, with epsilon 1e-12, while `gamma` and `beta` have one
    entry per channel. `keras.layers.LayerNormalization` normalises the last axis with epsilon 1e-3, or gives `gamma`
    and `beta` the shape of all normalised axes.

    Args:
        begin_norm_axis: The first axis that is normalised.
        center: Whether to add `beta`.
        scale: Whether to multiply by `gamma`.
    """

    def __init__(self, begin_norm_axis=1, center=True, scale=True, **kwargs):
        super().__init__(**kwargs)
        self.begin_norm_axis = begin_norm_axis
        self.center = center
        self.scale = scale

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma") if self.scale else None
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta") if self.center else None

    def call(self, inputs):
        rank = len(inputs.shape)
        axes = list(range(self.begin_norm_axis % rank, rank))
        mean, variance = keras.ops.moments(inputs, axes=axes, keepdims=True)
        outputs = (inputs - mean) * keras.ops.rsqrt(variance + 1e-12)
        if self.scale:
            outputs = outputs * self.gamma
        return outputs + self.beta if self.center else outputs

    def get_config(self):
        return {
            **super().get_config(),
            "begin_norm_axis": self.begin_norm_axis,
            "center": self.center,
            "scale": self.scale,
        }
