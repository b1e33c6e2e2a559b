"""An LSTM whose steps all run in one kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="support")
class FusedLSTM(keras.layers.LSTM):
    """An LSTM that runs all steps of a sequence in one kernel, where it is small and runs on a CPU.

    There `keras.layers.LSTM` is a loop over many small operations, slower than the loop of `tf.nn.dynamic_rnn`. The
    kernel computes the same. What it cannot do is left to the parent class: other activations than the default ones,
    other numbers than float32, dropout. So are LSTMs of more than 20,000 weights, for which its arithmetic is slower.

    The mask must be that of lengths, as `tf.sequence_mask` makes it.

    Args:
        **kwargs: Arguments of `keras.layers.LSTM`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.supports_jit = False  # XLA has no such kernel

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not self._fits_the_kernel(sequences, mask):
            return super().inner_loop(sequences, initial_state, mask, training=training)
        hidden, carry = initial_state
        cell = self.cell
        weights = tf.concat([cell.kernel.value, cell.recurrent_kernel.value, cell.bias.value[None]], axis=0)
        in_gate, forget_gate, candidate, out_gate = tf.split(weights, 4, axis=1)
        weights = tf.concat([in_gate, candidate, forget_gate, out_gate], axis=1)
        no_peephole = tf.zeros((self.units,))
        # `BlockLSTMV2` has the gates in the order of Keras, but the gradient of this order.
        steps = tf.raw_ops.BlockLSTM(
            seq_len_max=tf.shape(sequences, out_type=tf.int64)[1],
            x=tf.transpose(sequences, (1, 0, 2)),
            cs_prev=carry,
            h_prev=hidden,
            w=weights[:-1],
            wci=no_peephole,
            wcf=no_peephole,
            wco=no_peephole,
            b=weights[-1],
            forget_bias=0.0,
            cell_clip=-1.0,
        )
        outputs, carries = tf.transpose(steps.h, (1, 0, 2)), tf.transpose(steps.cs, (1, 0, 2))
        if mask is None:
            return outputs[:, -1], outputs, [outputs[:, -1], carries[:, -1]]
        # What the kernel computes behind the end of a sequence is left out here.
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
        of_lengths = tf.equal(mask, tf.sequence_mask(lengths, tf.shape(mask)[1]))
        tf.debugging.Assert(tf.reduce_all(of_lengths), ["The mask of a FusedLSTM must be that of lengths."])
        states = []
        for first, later in ((hidden, outputs), (carry, carries)):
            states.append(tf.gather(tf.concat([first[:, None], later], axis=1), lengths, batch_dims=1))
        outputs = keras.ops.where(mask[:, :, None], outputs, 0.0)
        return outputs[:, -1], outputs, states

    def _fits_the_kernel(self, sequences, mask):
        return (
            self.activation is keras.activations.tanh
            and self.recurrent_activation is keras.activations.sigmoid
            and self.use_bias
            and not (self.dropout or self.recurrent_dropout or self.go_backwards)
            and (mask is None or self.zero_output_for_mask)
            and sequences.dtype == "float32"
            and self.count_params() <= 20_000
            and all(device.device_type == "CPU" for device in tf.config.list_logical_devices())
        )
