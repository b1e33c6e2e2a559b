"""Initializers that several layers are given: each draws numbers of its own, as in TensorFlow 1."""

from __future__ import annotations

import pytest

from .small import MODEL_FN, converted, program

NORMAL = "tf.truncated_normal_initializer(stddev=0.1)"


def layers(lines: str) -> str:
    """The migrated small program with these statements before its last layer."""
    start = "    logits = tf.layers.dense("
    shown = "".join(f"    {line}\n" for line in lines.split("\n"))
    text = MODEL_FN.replace(start, f"{shown}{start}", 1)
    assert text != MODEL_FN
    return converted(program(model_fn=text))["train.py"]


def dense(initializer: str, target: str = "x") -> str:
    return f"{target} = tf.layers.dense(features['x'], 3, kernel_initializer={initializer})"


def test_an_object_that_two_layers_share_is_cloned() -> None:
    after = layers(f"init = {NORMAL}\n{dense('init')}\n{dense('init', 'y')}\nfeatures = {{'x': x + y}}")
    assert after.count("kernel_initializer=init.clone()") == 2


def test_an_object_that_a_loop_reads_is_cloned() -> None:
    after = layers(f"init = {NORMAL}\nfor i in range(2):\n    {dense('init')}\n    features = {{'x': x}}")
    assert "kernel_initializer=init.clone()" in after


def test_a_raw_variable_gets_a_clone_too() -> None:
    after = layers(
        f"init = {NORMAL}\nw = tf.get_variable('w', [3, 3], initializer=init)\n"
        f"{dense('init')}\nfeatures = {{'x': x @ w}}"
    )
    assert " initializer=init.clone()" in after


@pytest.mark.parametrize(
    "lines",
    [
        f"init = {NORMAL}\n{dense('init')}\nfeatures = {{'x': x}}",
        f"{dense(NORMAL)}\n{dense(NORMAL, 'y')}\nfeatures = {{'x': x + y}}",
        f"init = tf.zeros_initializer()\n{dense('init')}\n{dense('init', 'y')}\nfeatures = {{'x': x + y}}",
    ],
)
def test_what_draws_once_or_not_at_all_stays(lines: str) -> None:
    assert "clone" not in layers(lines)
