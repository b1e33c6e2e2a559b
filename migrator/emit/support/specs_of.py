"""Specifications of computed tensors."""

import tensorflow as tf


def specs_of(function, specs):
    """The specifications of what a function makes of tensors by name.

    Args:
        function: Takes a dictionary of tensors, which it may change, and returns one.
        specs: Name -> `tf.TensorSpec` of each tensor.

    Returns:
        Name -> `tf.TensorSpec` of each tensor that the function returns.
    """
    made = tf.function(lambda tensors: function(dict(tensors))).get_concrete_function(specs).structured_outputs
    return {name: tf.TensorSpec(tensor.shape, tensor.dtype) for name, tensor in made.items()}
