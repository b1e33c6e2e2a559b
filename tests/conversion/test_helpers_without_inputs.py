"""Functions that make variables and take no tensor: layers that are called with nothing."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, program

WEIGHTS = """
def weight(name, shape):
    return tf.get_variable(name, shape)


def model_fn(features, labels, mode):
    hidden = tf.nn.relu(tf.matmul(features["x"], weight("first", [3, 4])))
    logits = tf.matmul(hidden, weight("second", [4, 1]))
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_its_call_has_an_argument_that_may_be_left_out() -> None:
    text = converted(program(model_fn=WEIGHTS))["train.py"]
    assert "    def call(self, training=None):\n        return self." in text  # Keras calls no layer without any
    assert "self.weight()" in text


@pytest.mark.runtime
def test_it_computes_the_same(tmp_path: pathlib.Path) -> None:
    from .test_proofs import prove

    prove(program(model_fn=WEIGHTS), "legacy", tmp_path)
