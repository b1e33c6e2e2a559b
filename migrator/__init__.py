"""Moves TensorFlow 1 Estimator programs to Keras 3 and proves that the numbers stay the same."""

__version__ = "0.1.0"
