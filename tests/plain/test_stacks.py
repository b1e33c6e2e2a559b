"""Stacks of fully connected layers are written out as loops, or stay for the rules to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.plain.plainer import plainer
from migrator.source.project import Project

from ..conversion.test_proofs import prove
from .classifier import ENDING

PROGRAM = """
import numpy as np
import tensorflow as tf


def model_fn(features, labels, mode, params):
    x = features["x"]
    STATEMENT
    logits = tf.layers.dense(net, 2)
""" + ENDING.replace("PARAMS", '{"sizes": [8, 4]}')
FULLY = "tf.contrib.layers.fully_connected"
STACKS = {
    "sizes of the parameters": (
        f'net = tf.contrib.layers.stack(x, {FULLY}, params["sizes"], activation_fn=tf.nn.tanh)',
        ["net = x", 'with tf.variable_scope(None, "Stack"):', 'for index, units in enumerate(params["sizes"]):'],
    ),
    "by keyword, in a scope": (
        f'net = tf.contrib.layers.stack(inputs=x, layer={FULLY}, stack_args=[4, 3], scope="deep")',
        ['with tf.variable_scope("deep"):', 'net, units, scope="deep_%d" % (index + 1))'],
    ),
}


def written(statement: str) -> str:
    """The program in plainer words."""
    return plainer(Project({"train.py": PROGRAM.replace("STATEMENT", statement)})).sources["train.py"]


@pytest.mark.parametrize(("statement", "lines"), STACKS.values(), ids=STACKS)
def test_a_stack_becomes_a_loop(statement: str, lines: list[str]) -> None:
    text = written(statement)
    assert all(line in text for line in lines) and "layers.stack" not in text
    assert {unit.status for unit in convert({"train.py": PROGRAM.replace("STATEMENT", statement)}).ledger.units} == {
        "converted"
    }


def test_names_of_the_function_stay_free() -> None:
    text = written(f"units = [4]\n    net = tf.contrib.layers.stack(x, {FULLY}, units)")
    assert "for index, units_2 in enumerate(units):" in text


@pytest.mark.parametrize(
    "statement",
    [
        "net = tf.contrib.layers.stack(x, tf.contrib.layers.conv2d, [(4, 3)])",
        f"net = tf.contrib.layers.stack(x, {FULLY}, [(4, tf.nn.relu)])",
        f"net = [4]; net = tf.contrib.layers.stack(x, {FULLY}, net)",
        f"net = tf.contrib.layers.stack(x, {FULLY}, params['sizes'], scope=params['scope'])",
        f"net = tf.identity(tf.contrib.layers.stack(x, {FULLY}, [4]))",
    ],
)
def test_another_stack_is_left_to_the_rules(statement: str) -> None:
    assert written(statement) == PROGRAM.replace("STATEMENT", statement)
    units = convert({"train.py": PROGRAM.replace("STATEMENT", statement)}).ledger.units
    assert {unit.status for unit in units} == {"skipped"}


@pytest.mark.runtime
@pytest.mark.parametrize("name", STACKS)
def test_the_numbers_are_those_of_the_stack(name: str, tmp_path: Path) -> None:
    prove(PROGRAM.replace("STATEMENT", STACKS[name][0]), "tf1", tmp_path)
