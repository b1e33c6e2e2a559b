"""Stacked and bidirectional recurrent layers that are called as TensorFlow 1 called its cells."""

import collections

import keras
import tensorflow as tf


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM in the order of TensorFlow 1. Keras has `h` first."""

    __slots__ = ()


@keras.saving.register_keras_serializable(package="support")
class StepDropout(keras.layers.Layer):
    """A recurrent layer with dropout on what goes in and comes out, as `tf.nn.rnn_cell.DropoutWrapper` does it.

    Every step draws a mask of its own. The `dropout` of a Keras layer holds one mask for all steps.

    Args:
        layer: The recurrent layer.
        input_rate: The share of its inputs that is dropped.
        output_rate: The share of its outputs that is dropped. The state keeps what was computed.
        in_every_mode: Whether dropout acts in evaluation and prediction too.
    """

    def __init__(self, layer, input_rate=0.0, output_rate=0.0, in_every_mode=False, **kwargs):
        super().__init__(**kwargs)
        self.layer = layer
        self.units = layer.units
        self.rates = (input_rate, output_rate)
        self.in_every_mode = in_every_mode

    @property
    def cell(self):
        return self.layer.cell

    def call(self, sequences, initial_state=None, mask=None, training=None):
        acts = self.in_every_mode or training
        input_rate, output_rate = self.rates if acts else (0.0, 0.0)
        sequences = self._dropped(sequences, input_rate)
        outputs, *state = self.layer(sequences, initial_state=initial_state, mask=mask, training=training)
        return self._dropped(outputs, output_rate), *state

    def _dropped(self, sequences, rate):
        if rate == 0:
            return sequences
        steps = tf.transpose(sequences, (1, 0, 2))
        return tf.transpose(tf.map_fn(lambda step: tf.nn.dropout(step, rate), steps), (1, 0, 2))


@keras.saving.register_keras_serializable(package="support")
class DynamicRNN(keras.layers.Layer):
    """Recurrent layers on top of each other, called as `tf.nn.dynamic_rnn`, with the results that it gave.

    Args:
        layers: A recurrent layer that returns sequences and states, or a list of them, as a `MultiRNNCell` is: then
            the state is a tuple with the state of each.
        time_major: Whether the first axis of inputs and outputs is that of the steps.
        go_backwards: Whether the sequences are read from their end. The outputs keep the order of the inputs.
    """

    def __init__(self, layers, time_major=False, go_backwards=False, **kwargs):
        super().__init__(**kwargs)
        self.stacked = isinstance(layers, (list, tuple))
        self.stack = list(layers) if self.stacked else [layers]
        self.time_major = time_major
        self.go_backwards = go_backwards

    def call(self, inputs, sequence_length=None, initial_state=None, training=None):
        """Returns outputs and state. A list of steps gives a list of outputs, as `tf.nn.static_rnn` did."""
        listed = isinstance(inputs, (list, tuple))
        if listed or self.time_major:
            inputs = tf.transpose(tf.stack(inputs) if listed else inputs, (1, 0, 2))
        mask = None if sequence_length is None else tf.sequence_mask(sequence_length, tf.shape(inputs)[1])
        if initial_state is not None and not self.stacked:
            initial_state = (initial_state,)
        outputs, states = self._in_reading_order(inputs, sequence_length), []
        for number, layer in enumerate(self.stack):
            first = None if initial_state is None else initial_state[number]
            if isinstance(first, tuple):
                first = [first[1], first[0]]
            # A tensor of its own: a mask that Keras attached to another one must not count here.
            outputs, *state = layer(tf.identity(outputs), initial_state=first, mask=mask, training=training)
            states.append(LSTMStateTuple(c=state[1], h=state[0]) if len(state) == 2 else state[0])
        outputs = self._in_reading_order(tf.identity(outputs), sequence_length)
        if listed or self.time_major:
            outputs = tf.transpose(outputs, (1, 0, 2))
        return tf.unstack(outputs) if listed else outputs, tuple(states) if self.stacked else states[0]

    def _in_reading_order(self, sequences, lengths):
        if not self.go_backwards:
            return sequences
        return tf.reverse(sequences, [1]) if lengths is None else tf.reverse_sequence(sequences, lengths, seq_axis=1)


@keras.saving.register_keras_serializable(package="support")
class BidirectionalRNN(keras.layers.Layer):
    """Two `DynamicRNN`, of which the second reads backwards, called as `tf.nn.bidirectional_dynamic_rnn`.

    Args:
        forward: The layer or layers that read forwards.
        backward: Those that read backwards.
        time_major: Whether the first axis of inputs and outputs is that of the steps.
    """

    def __init__(self, forward, backward, time_major=False, **kwargs):
        super().__init__(**kwargs)
        self.forward = DynamicRNN(forward, time_major=time_major)
        self.backward = DynamicRNN(backward, time_major=time_major, go_backwards=True)

    def call(self, inputs, sequence_length=None, training=None):
        """Returns a pair of outputs, in the order of the inputs, and a pair of states."""
        outputs, state = self.forward(inputs, sequence_length, training=training)
        backward_outputs, backward_state = self.backward(inputs, sequence_length, training=training)
        return (outputs, backward_outputs), (state, backward_state)
