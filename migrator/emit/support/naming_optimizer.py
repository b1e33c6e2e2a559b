"""Optimizers that treat variables by name."""

import keras

from .legacy_names import legacy_variables


class NamingOptimizer(keras.optimizers.Optimizer):
    """An optimizer that asks for the names that variables had in TensorFlow 1; `name_of` is set before it is built."""

    name_of = None


def legacy_name_of(model):
    """A function that tells under which name a variable of the model stood in TensorFlow 1; it ends in ":0"."""

    def name_of(variable):
        for found in legacy_variables(model):
            if variable is found.variable or variable is found.variable.value:  # steps are given the latter
                return found.name
        raise ValueError(f"{variable.name} had no name of its own in TensorFlow 1")

    return name_of
