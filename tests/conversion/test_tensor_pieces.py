"""Loops over the pieces that a tensor is split into: metrics and layers are made for each, of which there are n."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import MODEL_FN, converted, program, refused
from .test_metrics import evaluated
from .test_spec_proofs import prove

PIECES = """
metrics = {}
parts = tf.split(logits, 2, axis=-1)
for j, part in enumerate(parts):
    value, update = tf.metrics.mean(part)
    metrics["mean " + str(j)] = (value, update)
    metrics["area " + str(j)] = tf.metrics.auc(labels, tf.sigmoid(part[:, 0]))
"""
UNSTACKED = """
metrics = {}
for j, part in enumerate(tf.unstack(logits, params["more"] + 1, axis=1)):
    metrics["mean_%d" % j] = tf.metrics.mean(part)
"""
HELPER = """

def metric_fn(labels, logits, number):
    found = {}
    for j, part in enumerate(tf.split(logits, number, axis=-1)):
        value, update = tf.metrics.mean(part)
        found["mean " + str(j)] = (value, update)
    found["labels"] = tf.metrics.mean(labels)
    return found

"""
LAYERS = """    found = []
    for part in tf.split(features["x"], 3, axis=1):
        found.append(tf.layers.dense(part, 2))
    logits = tf.layers.dense(tf.concat(found, axis=1), 1)
"""
LAYERS = MODEL_FN.replace('    logits = tf.layers.dense(features["x"], 1)\n', LAYERS)


def helped() -> str:
    """A program whose metrics are made in a function, in a loop."""
    return evaluated("metrics = metric_fn(labels, logits, 2)").replace("\n\ndef model_fn", HELPER + "\ndef model_fn")


def test_a_metric_is_made_for_each_piece() -> None:
    text = converted(evaluated(PIECES))["train.py"]
    assert "        for j in range(2):\n            self.means.append(keras.metrics.Mean(" in text
    assert "in zip(enumerate(parts), self.means, self.aucs):" in text


def test_the_number_of_pieces_may_be_a_parameter() -> None:
    text = converted(evaluated(UNSTACKED))["train.py"]
    assert 'for j in range(params["more"] + 1)' in text


def test_a_function_of_metrics_is_told_the_number() -> None:
    assert "for j in range(number)" in converted(helped())["train.py"]


def test_a_layer_is_made_for_each_piece() -> None:
    assert "for _ in range(3)" in converted(program(model_fn=LAYERS))["train.py"]


@pytest.mark.parametrize(
    "changed",
    [
        PIECES.replace("enumerate(parts)", "enumerate(parts, 1)"),
        PIECES.replace("logits, 2", "logits, [1, 1]"),
        PIECES.replace("parts = ", "n = 2\nparts = ")
        .replace("logits, 2", "logits, n")
        .replace("for j", "n = 3\nfor j"),
        PIECES.replace("enumerate(parts)", "enumerate(tf.unstack(logits, axis=1))"),
    ],
)
def test_another_number_of_trips_refuses(changed: str) -> None:
    assert {rule for rule, _ in refused(evaluated(changed))} == {"argument-stage"}


@pytest.mark.runtime
@pytest.mark.parametrize("text", [evaluated(PIECES), evaluated(UNSTACKED), helped()])
def test_the_metrics_are_the_same(text: str, tmp_path: Path) -> None:
    assert {"metrics", "loss", "training"} <= prove(text, "legacy", tmp_path)


@pytest.mark.runtime
def test_the_layers_are_the_same(tmp_path: Path) -> None:
    assert {"gradients", "loss", "training"} <= prove(program(model_fn=LAYERS), "legacy", tmp_path)
