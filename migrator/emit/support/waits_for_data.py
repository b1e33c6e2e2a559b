"""Steps that do nothing at the end of the data."""

import functools

import tensorflow as tf


def waits_for_data(step):
    """Decorates `train_step` or `test_step`: whatever the step changes, it changes after its batch has been read.

    Keras asks for one batch more than a dataset of unknown length has. What such a step does without looking at its
    data, such as counting itself, would happen all the same.
    """

    @functools.wraps(step)
    def waiting_step(self, data):
        with tf.control_dependencies(tf.nest.flatten(data, expand_composites=True)):
            return step(self, data)

    return waiting_step
