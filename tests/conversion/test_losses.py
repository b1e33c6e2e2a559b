"""Losses of tf.losses where Keras' own would compute something else."""

from __future__ import annotations

import pytest

from .small import converted, program

TWICE = """
def model_fn(features, labels, mode):
    scores = tf.layers.dense(features["x"], 3, activation=tf.nn.softmax)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": scores})
    loss = tf.losses.sparse_softmax_cross_entropy(tf.cast(labels, tf.int32) % 3, scores)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


@pytest.mark.parametrize("activation", ["tf.nn.softmax", "'softmax'", "tf.keras.activations.softmax"])
def test_keras_does_not_look_behind_a_softmax_that_is_applied_twice(activation: str) -> None:
    text = converted(program(model_fn=TWICE.replace("tf.nn.softmax", activation)))["train.py"]
    assert "tf.identity(scores)" in text


@pytest.mark.parametrize("activation", ["None", "tf.nn.relu"])
def test_other_results_are_taken_as_they_are(activation: str) -> None:
    assert "tf.identity" not in converted(program(model_fn=TWICE.replace("tf.nn.softmax", activation)))["train.py"]
