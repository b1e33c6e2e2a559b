"""Functional Keras models that a model_fn calls are written out as functions of tensors, or stay for the rules."""

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
from tensorflow.keras import layers
from tensorflow.keras.models import Model


def create_model(units=2):
    \"\"\"The network.\"\"\"
    inp = layers.Input(shape=[3])
    # Hidden.
    x = layers.Dense(8, activation="relu")(inp)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.3)(x)
    return Model(inputs=inp, outputs=layers.Dense(units)(x))


def model_fn(features, labels, mode, params):
    network = create_model(params["units"])
    logits = network(features["x"]TRAINING)
""" + ENDING.replace("PARAMS", '{"units": 2}')
PHASES = {
    "told when to train": ", training=mode == tf.estimator.ModeKeys.TRAIN",
    "not told": "",
    "never training": ", training=False",
}
LISTED = (
    PROGRAM.replace("TRAINING", "")
    .replace("inp = layers.Input(shape=[3])", "inp = layers.Input(shape=[3])\n    more = layers.Input(shape=[3])")
    .replace('"relu")(inp)', '"relu")(layers.concatenate([inp, more]))')
    .replace("Model(inputs=inp,", "Model(inputs=[inp, more],")
    .replace('network(features["x"])', 'network([features["x"], 2 * features["x"]])')
)


def program(training: str = "") -> str:
    """A program whose model_fn calls a functional model, and says this of training."""
    return PROGRAM.replace("TRAINING", training)


def written(text: str) -> str:
    """The program in plainer words."""
    return plainer(Project({"train.py": text})).sources["train.py"]


def test_the_maker_becomes_a_function_of_tensors_that_calls_the_layers() -> None:
    text = written(program(PHASES["told when to train"]))
    maker, model_fn = text.split("def model_fn")
    assert maker.endswith(
        "def network_2(inp, units=2, training=None):\n"
        '    """The network."""\n'
        "    # Hidden.\n"
        '    x = layers.Dense(8, activation="relu")(inp)\n'
        "    x = layers.BatchNormalization()(x, training=training)\n"
        "    x = layers.Dropout(0.3)(x, training=training)\n"
        "    return layers.Dense(units)(x)\n\n\n"
    )
    assert "import Model" not in text and "network = create_model" not in model_fn
    assert 'logits = network_2(features["x"], params["units"], training=mode == tf' in model_fn


def test_a_maker_that_others_need_stays_beside_it() -> None:
    text = written(program() + "\nprint(create_model().summary())\n")
    assert "def create_model(units=2):" in text and "def network_2(inp, units=2):" in text
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}


def test_several_inputs_take_the_tensors_of_a_list() -> None:
    text = written(LISTED)
    assert "def network_2(inp, more, units=2):" in text
    assert 'network_2(features["x"], 2 * features["x"], params["units"])' in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    loss =", '    again = network(features["x"])\n    loss ='),
        ("    loss =", "    network.summary()\n    loss ="),
        ("x = layers.Dropout(0.3)(x)", "drop = layers.Dropout(0.3)\n    x = drop(x)"),
        ('layers.Dense(8, activation="relu")(inp)', "layers.GRU(4)(layers.Reshape((3, 1))(inp))"),
        ("layers.Input(shape=[3])", "layers.Input(tensor=tf.ones([10, 3]))"),
    ],
    ids=["called twice", "asked for more", "a layer apart from its call", "a recurrent layer", "an input with data"],
)
def test_what_is_more_than_called_once_is_left_to_the_rules(old: str, new: str) -> None:
    text = program(PHASES["told when to train"]).replace(old, new)
    assert written(text) == text
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"skipped"}


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("text", [*(program(phase) for phase in PHASES.values()), LISTED], ids=[*PHASES, "listed"])
def test_the_numbers_are_those_of_the_model(text: str, runtime: str, tmp_path: Path) -> None:
    prove(text, runtime, tmp_path)
