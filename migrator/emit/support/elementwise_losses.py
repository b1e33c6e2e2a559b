"""Losses per element, before any reduction."""

import keras


def sigmoid_cross_entropy(labels, logits, label_smoothing=0.0):
    """Returns the cross entropy of every element of `logits` with `labels` in [0, 1].

    `keras.losses.binary_crossentropy` averages the last axis, which weights per element cannot reach any more.
    """
    labels = keras.ops.cast(labels, logits.dtype)
    if label_smoothing:
        labels = labels * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return keras.ops.relu(logits) - logits * labels + keras.ops.log1p(keras.ops.exp(-keras.ops.abs(logits)))


def huber(labels, predictions, delta=1.0):
    """Returns the Huber loss of every element: quadratic up to `delta`, linear beyond."""
    error = keras.ops.abs(keras.ops.subtract(predictions, labels))
    quadratic = keras.ops.minimum(error, delta)
    return 0.5 * keras.ops.square(quadratic) + delta * (error - quadratic)


def log_loss(labels, predictions, epsilon=1e-07):
    """Returns the log loss of every element, with `epsilon` added inside the logarithms.

    `keras.losses.binary_crossentropy` clips the predictions instead.
    """
    labels = keras.ops.cast(labels, predictions.dtype)
    hit = labels * keras.ops.log(predictions + epsilon)
    return -hit - (1.0 - labels) * keras.ops.log(1.0 - predictions + epsilon)
