"""Layer objects that are called by `apply`, the way TensorFlow 1 also named calling a layer."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, program, refused
from .test_proofs import prove

FORWARD = """
def model_fn(features, labels, mode):
    hidden = tf.keras.layers.Dense(4, activation="relu").apply(features["x"])
    last = LAST
    logits = CALL
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
OWN = """
class Scaled(object):
    def __init__(self):
        self.layer = tf.layers.Dense(1)

    def apply(self, x):
        return self.layer(x) * 2.0

"""


def applied(last: str, call: str) -> str:
    return program(model_fn=FORWARD.replace("LAST", last).replace("CALL", call))


def test_a_layer_made_where_it_is_applied_is_called() -> None:
    text = converted(applied("tf.keras.layers.Dense(1)", "last.apply(hidden)"))["train.py"]
    assert 'self.hidden = keras.layers.Dense(4, activation="relu")' in text
    assert 'hidden = self.hidden(features["x"])' in text and ".apply(" not in text


def test_a_layer_applied_twice_is_one_layer() -> None:
    text = converted(applied("tf.keras.layers.Dense(1)", "last.apply(hidden) + last(tf.square(hidden))"))["train.py"]
    assert "self.last(hidden) + self.last(tf.square(hidden))" in text
    assert text.count("keras.layers.Dense(1)") == 1


def test_a_method_of_that_name_is_the_program_s_own() -> None:
    text = applied("Scaled()", "last.apply(hidden)").replace("\n\ndef model_fn", OWN + "\ndef model_fn")
    assert "* 2.0" in converted(text)["train.py"]


def test_apply_that_is_kept_for_later_is_refused() -> None:
    for made in ("tf.keras.layers.Dense(1).apply", "tf.layers.Dense(1).apply"):
        assert {rule for rule, _ in refused(applied(made, "last(hidden)"))} == {"layer-attribute"}


@pytest.mark.runtime
def test_it_computes_the_same(tmp_path: pathlib.Path) -> None:
    prove(applied("tf.keras.layers.Dense(1)", "last.apply(hidden)"), "tf1", tmp_path)
