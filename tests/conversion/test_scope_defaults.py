"""A variable_scope gives the variables inside it an initializer or a regularizer."""

from __future__ import annotations

import pathlib

import pytest

from .small import HEAD, converted, program, refused
from .test_proofs import prove

MODEL = """
def model_fn(features, labels, mode):
    x = features["x"]
BODY
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1)) + tf.losses.get_regularization_loss()
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def called(body: str, top: str = "") -> str:
    """A program with these lines in its model_fn and above it."""
    lines = "".join(f"    {line}\n" for line in body.rstrip("\n").split("\n"))
    above = f"{top.rstrip()}\n\n" if top else ""
    return program(model_fn=above + MODEL.replace("BODY\n", lines), head=HEAD)


START = "initializer=tf.constant_initializer(0.2)"
VARIABLE = f"""with tf.variable_scope("net", {START}):
    w = tf.get_variable("w", [3, 1])
    b = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
logits = tf.matmul(x, w) + b
"""
LAYERS = f"""with tf.variable_scope("net", {START}):
    h = tf.layers.dense(x, 4, activation=tf.nn.relu)
    logits = tf.layers.dense(h, 1, kernel_initializer=tf.constant_initializer(0.1))
"""
BLOCK = 'def block(x, units):\n    with tf.variable_scope("block"):\n        return tf.layers.dense(x, units)\n'
INNER = f"""with tf.variable_scope("net", {START}):
    h = block(x, 4)
    with tf.variable_scope("last", initializer=tf.constant_initializer(0.1)):
        logits = tf.layers.dense(h, 1)
"""
RANDOM = """start = tf.truncated_normal_initializer(stddev=0.1)
with tf.variable_scope("net", initializer=start):
    logits = tf.layers.dense(tf.layers.dense(x, 4), 1)
"""
AGAIN = f"""with tf.variable_scope("net", {START}) as scope:
    h = tf.layers.dense(x, 4, name="one")
h = tf.layers.dense(h, 3)
with tf.variable_scope(scope):
    logits = tf.layers.dense(h, 1, name="two")
"""
REGULARIZED = """with tf.variable_scope("net", regularizer=tf.contrib.layers.l2_regularizer(0.1)):
    w = tf.get_variable("w", [3, 4])
    logits = tf.layers.dense(tf.matmul(x, w), 1, bias_initializer=tf.ones_initializer())
"""


def test_a_variable_has_the_initializer_of_its_scope_unless_it_is_given_one() -> None:
    text = converted(called(VARIABLE))["train.py"]
    assert "name='w', shape=[3, 1], initializer=keras.initializers.Constant(0.2)" in text
    assert "name='b', shape=[1], initializer=keras.initializers.Zeros()" in text


def test_the_kernels_of_layers_have_it_too() -> None:
    text = converted(called(LAYERS))["train.py"]
    assert "kernel_initializer=keras.initializers.Constant(0.2)" in text
    assert "keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(0.1))" in " ".join(
        text.replace("(\n", "(").replace("\n        )", ")").split()
    ).replace("( ", "(")


def test_inner_scopes_inherit_it_or_have_their_own() -> None:
    text = converted(called(INNER, BLOCK))["train.py"]
    first, _, last = text.partition("class Model")
    assert "keras.initializers.Constant(0.2)" in first.replace("value=", "")
    assert "keras.initializers.Constant(0.1)" in last and "0.2" not in last


def test_an_initializer_that_draws_is_another_one_for_each_layer() -> None:
    text = converted(called(RANDOM))["train.py"]
    assert text.count("start.clone()") == 2


def test_a_scope_that_is_entered_again_brings_its_own() -> None:
    text = converted(called(AGAIN))["train.py"]
    assert text.count("keras.initializers.Constant(0.2)") == 2 and "keras.layers.Dense(3)" in text


def test_a_regularizer_reaches_biases_too() -> None:
    text = converted(called(REGULARIZED))["train.py"]
    assert text.count("keras.regularizers.L2(0.5 * 0.1)") == 3
    assert "bias_regularizer=" in text


NORMED = """with tf.variable_scope("net", regularizer=tf.contrib.layers.l2_regularizer(0.1)):
    logits = tf.layers.dense(tf.layers.batch_normalization(x), 1)
"""
BOTH = REGULARIZED.replace(
    ", bias_initializer=", ", kernel_regularizer=tf.contrib.layers.l2_regularizer(0.2), bias_initializer="
)
OBJECT = f"""layer = tf.layers.Dense(1)
with tf.variable_scope("net", {START}):
    logits = layer(x)
"""
CELL = f"""with tf.variable_scope("net", {START}):
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), tf.expand_dims(x, 1), dtype=tf.float32)
logits = tf.layers.dense(outputs[:, -1], 1)
"""
MAYBE = """def weight(start=None):
    return tf.get_variable("w", [3, 1], initializer=start)
"""


@pytest.mark.parametrize(
    ("body", "top"),
    [
        (NORMED, ""),
        (BOTH, ""),
        (OBJECT, ""),
        (CELL, ""),
        (f'with tf.variable_scope("net", {START}):\n    logits = tf.matmul(x, weight())', MAYBE),
    ],
    ids=["moving averages", "regularised twice", "a layer object", "a cell", "an argument that may be None"],
)
def test_what_takes_it_in_another_way_is_refused(body: str, top: str) -> None:
    assert "scope-defaults" in {rule for rule, _ in refused(called(body, top))}


KERAS = f"""with tf.variable_scope("net", {START}):
    logits = tf.keras.layers.Dense(1, kernel_initializer="zeros")(x)
"""
PROVEN = {
    "a variable": called(VARIABLE),
    "layers": called(LAYERS),
    "inner scopes": called(INNER, BLOCK),
    "entered again": called(AGAIN),
    "a regularizer": called(REGULARIZED),
    "a layer of tf.keras": called(KERAS),
}


@pytest.mark.runtime
@pytest.mark.parametrize("name", PROVEN)
def test_the_numbers_are_the_same(name: str, tmp_path: pathlib.Path) -> None:
    prove(PROVEN[name], "legacy", tmp_path)


@pytest.mark.runtime
@pytest.mark.parametrize("name", ["layers", "a regularizer"])
def test_they_are_the_same_in_tensorflow_1(name: str, tmp_path: pathlib.Path) -> None:
    prove(PROVEN[name], "tf1", tmp_path)
