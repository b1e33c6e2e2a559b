"""TF1 semantics that stock Keras does not have."""

import keras
from keras import ops


class TF1Momentum(keras.optimizers.SGD):
    """Momentum whose slot holds raw gradients, so that a changing learning rate acts at once."""

    def update_step(self, gradient, variable, learning_rate):
        slot = self.momentums[self._get_variable_index(variable)]
        rate = ops.cast(learning_rate, variable.dtype)
        moved = ops.cast(self.momentum, variable.dtype) * slot + ops.cast(gradient, variable.dtype)
        self.assign(slot, moved)
        self.assign_sub(variable, rate * moved)


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization whose moving variance is the unbiased one, as the fused TF1 kernel keeps it."""

    def call(self, inputs, training=None, mask=None):
        before = ops.copy(ops.convert_to_tensor(self.moving_variance))
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            count = ops.cast(ops.size(inputs) / ops.shape(inputs)[self.axis], before.dtype)
            kept = before * self.momentum
            self.moving_variance.assign(kept + (self.moving_variance - kept) * count / (count - 1))
        return outputs
