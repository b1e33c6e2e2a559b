"""Scopes that a function is told the name of: what the weights are called, call by call."""

from __future__ import annotations

import pathlib

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, program, refused
from .test_proofs import prove

BLOCK = """
def block(x, name=None):
    with tf.variable_scope(name, "block", [x]):
        return tf.layers.dense(x, 3, tf.nn.relu)

"""
CALLS = {
    "named": 'block(block(features["x"], "first"), name="second")',
    "some of them": 'block(block(block(features["x"]), "named"))',
    "by default": 'block(block(features["x"]))',
}


def told(calls: str) -> str:
    """A program of blocks with or without names of their own."""
    return program(model_fn=BLOCK + MODEL_FN.replace('features["x"]', CALLS[calls]))


@pytest.mark.parametrize(("calls", "name"), [("named", "*"), ("some of them", "*"), ("by default", "block")])
def test_the_default_name_is_meant_only_where_none_is_told(calls: str, name: str) -> None:
    text = told(calls)
    assert "class Block(keras.layers.Layer):" in converted(text)["train.py"]
    first = convert({"train.py": text}).models[0]["creation"][0]
    assert first["creation"][0]["with"] == name


@pytest.mark.runtime
@pytest.mark.parametrize("calls", ["named", "some of them"])
def test_the_weights_are_found(calls: str, tmp_path: pathlib.Path) -> None:
    prove(told(calls), "legacy", tmp_path)


LOSS = """
def distance(labels, logits):
    with SCOPE:
        return tf.reduce_mean(tf.abs(labels - logits))


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    loss = distance(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer().minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


@pytest.mark.parametrize("scope", ['tf.variable_scope("loss")', 'tf.variable_scope("loss", reuse=True)'])
def test_a_variable_scope_of_operations_alone_names_them(scope: str) -> None:
    after = converted(program(model_fn=LOSS.replace("SCOPE", scope)))["train.py"]
    assert '    with tf.name_scope("loss"):\n        return tf.reduce_mean(' in after


@pytest.mark.parametrize("scope", ['tf.variable_scope("loss") as s', 'tf.variable_scope("loss", "default")'])
def test_a_variable_scope_that_is_more_than_a_name_refuses(scope: str) -> None:
    assert refused(program(model_fn=LOSS.replace("SCOPE", scope)))
