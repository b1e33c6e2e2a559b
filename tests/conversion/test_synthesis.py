"""Programs whose data and start are missing are proven on made-up inputs, and wrong migrations of them are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest

from migrator.convert import convert
from migrator.ledger import Verification
from migrator.verify import runtimes
from migrator.verify.synthetic import verify_models

from .small import reasons

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("synthesis")]  # one process makes up all inputs

HEAD = "import tensorflow as tf\n"
TAIL = """
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"score": logits})
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    metrics = {"accuracy": tf.metrics.accuracy(labels, tf.argmax(logits, axis=1))}
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)
"""
READ = """

def input_fn():
    dataset = tf.data.TFRecordDataset("nowhere.tfrecord").map(parse)
    return dataset.batch(4)
"""
PARSED = (
    HEAD
    + """

def parse(record):
    spec = {
        "pixels": tf.io.FixedLenFeature([6], tf.float32),
        "kind": tf.io.FixedLenFeature([], tf.int64),
    }
    parsed = tf.io.parse_single_example(record, spec)
    return {"pixels": parsed["pixels"]}, parsed["kind"]
"""
    + READ
    + """

def model_fn(features, labels, mode):
    hidden = tf.layers.dense(features["pixels"], 5, activation=tf.nn.relu)
    logits = tf.layers.dense(hidden, 3)"""
    + TAIL
    + """

def main():
    tf.estimator.Estimator(model_fn).train(input_fn, steps=3)
"""
)
IMAGES = (
    HEAD
    + """
import missing_loader


def input_fn():
    return missing_loader.batches(8)


def model_fn(features, labels, mode, params):
    image = tf.reshape(features, [-1, 12, 12, 1])
    hidden = tf.layers.conv2d(image, params["filters"], 3, activation=tf.nn.relu)
    hidden = tf.layers.dropout(tf.layers.flatten(hidden), 0.3, training=mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.layers.dense(hidden, params["classes"])"""
    + TAIL
    + """

def main():
    options = {"filters": 4}
    options["classes"] = 3
    tf.estimator.Estimator(model_fn, params=options).train(input_fn, steps=3)
"""
)
WORDS = (
    HEAD
    + """
import argparse

import missing_words

VOCABULARY = 12


def input_fn():
    return missing_words.batches()


def model_fn(features, labels, mode, params):
    table = tf.get_variable("words", [VOCABULARY, params.size])
    words = tf.nn.embedding_lookup(table, features["tokens"])
    hidden = tf.layers.dense(tf.reduce_mean(words, axis=1), 4, activation=tf.nn.tanh)
    logits = tf.layers.dense(hidden, 2)"""
    + TAIL
    + """

def main():
    hparams = argparse.Namespace(size=3)
    tf.estimator.Estimator(model_fn, params=hparams).train(input_fn, steps=3)
"""
)
REGRESSION = (
    HEAD
    + """
import missing_rows


def input_fn():
    return missing_rows.batches()


def model_fn(features, labels, mode):
    joined = tf.concat([features["left"], features["right"]], axis=1)
    value = tf.layers.dense(joined, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"value": value})
    loss = tf.losses.mean_squared_error(labels, value)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def main():
    tf.estimator.Estimator(model_fn).train(input_fn, steps=3)
"""
)
ONE_HOT = (
    HEAD
    + """
import missing_rows


def input_fn():
    return missing_rows.batches()


def model_fn(features, labels, mode):
    logits = tf.layers.dense(tf.cast(features["x"], tf.float32), 4)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"score": logits})
    loss = tf.losses.softmax_cross_entropy(tf.one_hot(labels, 4), logits)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def main():
    tf.estimator.Estimator(model_fn).train(input_fn, steps=3)
"""
)
CLOSURE = (
    HEAD
    + """
import missing_rows


def make_model_fn(units):
    def model_fn(features, labels, mode):
        logits = tf.layers.dense(tf.layers.dense(features["x"], units), 4)"""
    + TAIL.replace("\n", "\n    ")
    + """
    return model_fn


def main():
    units = 5
    tf.estimator.Estimator(make_model_fn(units)).train(lambda: missing_rows.batches(), steps=3)
"""
)
METHOD = (
    HEAD
    + """
import missing_rows


class Network(object):
    def __init__(self, units):
        self.units = units

    def model_fn(self, features, labels, mode):
        logits = tf.layers.dense(tf.layers.dense(features["x"], self.units), 4)"""
    + TAIL.replace("\n", "\n    ")
    + """

def main():
    network = Network(5)
    tf.estimator.Estimator(network.model_fn).train(lambda: missing_rows.batches(), steps=3)
"""
)
PARTIAL = (
    HEAD
    + """
import functools

import missing_rows


def model_fn(features, labels, mode, units):
    logits = tf.layers.dense(tf.layers.dense(features["x"], units), 3)"""
    + TAIL
    + """

def main():
    units = 5
    tf.estimator.Estimator(functools.partial(model_fn, units=units)).train(lambda: missing_rows.batches(), steps=3)
"""
)
PROGRAMS = {
    "parsed": PARSED,
    "images": IMAGES,
    "words": WORDS,
    "regression": REGRESSION,
    "onehot": ONE_HOT,
    "closure": CLOSURE,
    "method": METHOD,
    "partial": PARTIAL,
}


@dataclasses.dataclass(frozen=True)
class Wrong:
    """A migration that is made wrong: in the file of a program, one text instead of another."""

    program: str
    old: str
    new: str
    check: str


WRONGS = (
    Wrong("parsed", "activation='relu'", "activation='tanh'", "forward"),
    Wrong("images", "SGD(0.1)", "SGD(0.2)", "learning rate"),
    Wrong("words", "reduce_mean", "reduce_max", "forward"),
    Wrong("regression", "Adam(0.01, ", "Adam(0.01, beta_2=0.9, ", "training"),
)


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Verification]:
    """Every program, and every wrong migration, in one run: the file's name -> what was found."""
    for runtime in ("legacy", "target"):
        if runtimes.absence(runtime):
            pytest.skip(runtimes.absence(runtime))
    sources = {f"{name}.py": text for name, text in PROGRAMS.items()}
    sources.update({f"wrong_{n}.py": PROGRAMS[wrong.program] for n, wrong in enumerate(WRONGS)})
    conversion = convert(sources)
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}, reasons(conversion)
    after = {edit.path: edit.after for edit in conversion.edits}
    for number, wrong in enumerate(WRONGS):
        text = after[f"wrong_{number}.py"]
        assert wrong.old in text, text
        after[f"wrong_{number}.py"] = text.replace(wrong.old, wrong.new)
    folder = tmp_path_factory.mktemp("made_up")
    for side, files in (("before", sources), ("after", {**sources, **after})):
        (folder / side).mkdir()
        for path, text in files.items():
            (folder / side / path).write_text(text, encoding="utf-8")
    found = verify_models(folder / "before", folder / "after", conversion.models)
    return {unit.unit.partition(":")[2].partition(".py")[0]: unit.verification for unit in found}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_right_migration_is_verified(verified: Mapping[str, Verification], name: str) -> None:
    found = verified[name]
    assert found.status == "verified", found.reason
    proven = {row.check for row in found.evidence if row.ok}
    assert proven >= {"builds", "weights", "loss", "gradients", "training", "step counter", "forward", "fit"}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_evidence_says_that_the_inputs_were_made_up(verified: Mapping[str, Verification], name: str) -> None:
    assert verified[name].runtime == "legacy, synthesised inputs"
    inputs = next(row for row in verified[name].evidence if row.check == "inputs")
    assert inputs.ok is None
    assert "synthesised inputs: features" in inputs.note


def test_inputs_have_the_ranges_that_the_model_needs(verified: Mapping[str, Verification]) -> None:
    said = {name: next(r.note for r in found.evidence if r.check == "inputs") for name, found in verified.items()}
    assert "features['tokens'] int32 batchx10 below 12" in said["words"]
    assert "labels int64 batch below 4" in said["onehot"]
    assert "features float32 batchx12x12x1" in said["images"]
    assert "features['pixels'] float32 batchx6" in said["parsed"]


@pytest.mark.parametrize("number", range(len(WRONGS)))
def test_a_wrong_migration_fails(verified: Mapping[str, Verification], number: int) -> None:
    found = verified[f"wrong_{number}"]
    assert found.status == "failed"
    assert WRONGS[number].check in {row.check for row in found.evidence if row.ok is False}
