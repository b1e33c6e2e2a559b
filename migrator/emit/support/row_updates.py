"""Sparse gradients as TF1 applies them: rows of one index are summed, other rows stay untouched."""

import keras
import tensorflow as tf


def sum_duplicate_rows(gradient):
    """Returns a `tf.IndexedSlices` in which every index occurs once; the rows of one index are added up.

    Keras applies each occurrence by itself: after one step of Adam a row that occurs twice is 27 % off.
    """
    indices, position = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, position, tf.shape(indices)[0])
    return tf.IndexedSlices(values, indices, gradient.dense_shape)


class RowUpdates:
    """Mixin for optimizers: a sparse gradient changes only the rows that it names, in the variable and its slots.

    So do the sparse kernels of TF1, while Keras decays every row at every step: an embedding is 10 % to 90 % off
    after 100 steps. An optimizer gives the names of its slot lists in `slots` and its formula in `new_values`.
    """

    slots = ()

    def new_values(self, gradient, learning_rate, variable, *slots):
        """Returns the new value of the variable, followed by those of the slots."""
        raise NotImplementedError

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        held = [slots[index] for slots in (getattr(self, name, None) for name in self.slots) if slots]
        learning_rate = keras.ops.cast(learning_rate, variable.dtype)
        if isinstance(gradient, tf.IndexedSlices):
            gradient = sum_duplicate_rows(gradient)
            states = [state.value if isinstance(state, keras.Variable) else state for state in (variable, *held)]
            rows = [tf.gather(state, gradient.indices) for state in states]
            new = self.new_values(tf.cast(gradient.values, variable.dtype), learning_rate, *rows)
            for state, value in zip(states, new, strict=True):
                state.scatter_update(tf.IndexedSlices(value, gradient.indices))
        else:
            gradient = keras.ops.cast(gradient, variable.dtype)
            new = self.new_values(gradient, learning_rate, variable, *held)
            for state, value in zip((variable, *held), new, strict=True):
                self.assign(state, value)
