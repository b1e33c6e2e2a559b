"""Methods that hand on through `self` what they make are joined into their model_fn, or the object stays as it is."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.plain.plainer import plainer
from migrator.source.project import Project

from ..conversion.small import reasons
from ..conversion.test_proofs import prove

PROGRAM = '''
import numpy as np
import tensorflow as tf


class Model:
    """A model in pieces."""

    def __init__(self, units):
        self.units = units

    def model_fn(self, features, labels, mode, params):
        self.mode, self.params = mode, params
        self.loss, self.train_op, self.metrics = None, None, None
        # The input first.
        self._read(features, labels)
        logits = self._network(self.inputs)
        self.predictions = {"label": tf.argmax(logits, axis=1), "scores": logits}
        if mode != tf.estimator.ModeKeys.PREDICT:
            self._add_loss(logits)
            self._train(params["rate"])
        return tf.estimator.EstimatorSpec(
            mode, self.predictions, self.loss, self.train_op, eval_metric_ops=self.metrics)

    # What is fed.
    def _read(self, features, labels):
        """Takes the input apart."""
        self.inputs = features["x"]
        self.targets = labels

    def _network(self, inputs):
        net = tf.layers.dense(inputs, self.units, tf.nn.relu)  # hidden
        net = tf.layers.dropout(net, 0.2, training=self.mode == tf.estimator.ModeKeys.TRAIN)
        self.hidden = net
        return tf.layers.dense(net, 3)

    def _add_loss(self, scores):
        self.loss = tf.losses.sparse_softmax_cross_entropy(self.targets, scores)
        self.loss += 0.01 * tf.reduce_mean(tf.square(self.hidden))
        self.metrics = {"accuracy": tf.metrics.accuracy(self.targets, self.predictions["label"])}

    def _train(self, rate):
        optimizer = tf.train.AdamOptimizer(rate)
        self.train_op = optimizer.minimize(self.loss, tf.train.get_global_step())


def input_fn(epochs=None):
    x = np.random.RandomState(0).rand(60, 4).astype("float32")
    return tf.data.Dataset.from_tensor_slices(({"x": x}, (x[:, 0] * 3).astype("int64"))).repeat(epochs).batch(10)


def main():
    model = Model(8)
    estimator = tf.estimator.Estimator(model.model_fn, params={"rate": 0.02})
    estimator.train(input_fn, steps=12)
    print(estimator.evaluate(lambda: input_fn(1)))
    print(next(estimator.predict(lambda: input_fn(1))))


main()
'''
JOINED = """
def model_fn(self, features, labels, mode, params):
    model_mode, model_params = mode, params
    loss, train_op, metrics = None, None, None
    # The input first.
    # What is fed.
    # Takes the input apart.
    inputs = features["x"]
    targets = labels
    net = tf.layers.dense(inputs, self.units, tf.nn.relu)  # hidden
    net = tf.layers.dropout(net, 0.2, training=model_mode == tf.estimator.ModeKeys.TRAIN)
    hidden = net
    logits = tf.layers.dense(net, 3)
    predictions = {"label": tf.argmax(logits, axis=1), "scores": logits}
    if mode != tf.estimator.ModeKeys.PREDICT:
        scores = logits
        loss = tf.losses.sparse_softmax_cross_entropy(targets, scores)
        loss += 0.01 * tf.reduce_mean(tf.square(hidden))
        metrics = {"accuracy": tf.metrics.accuracy(targets, predictions["label"])}
        rate = params["rate"]
        optimizer = tf.train.AdamOptimizer(rate)
        train_op = optimizer.minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(
        mode, predictions, loss, train_op, eval_metric_ops=metrics)
"""


def written(text: str) -> str:
    """The program in plainer words."""
    return plainer(Project({"train.py": text})).sources["train.py"]


def model_fn(text: str) -> str:
    """The model_fn of the plainer program."""
    made = written(text)
    found = next(n for n in ast.walk(ast.parse(made)) if isinstance(n, ast.FunctionDef) and n.name == "model_fn")
    return textwrap.dedent("    " + (ast.get_source_segment(made, found) or ""))


def test_the_methods_stand_in_the_place_of_their_calls_and_attributes_are_names() -> None:
    assert model_fn(PROGRAM) == JOINED.strip()


def test_the_methods_are_gone_and_others_stay() -> None:
    held = next(n for n in ast.parse(written(PROGRAM)).body if isinstance(n, ast.ClassDef))
    assert [n.name for n in held.body if isinstance(n, ast.FunctionDef)] == ["__init__", "model_fn"]


def test_an_attribute_with_the_name_of_an_argument_that_it_always_holds_is_the_argument() -> None:
    copied = PROGRAM.replace("self.mode, self.params = mode, params", "self.mode = mode\n        self.params = params")
    assert "model_mode" not in model_fn(copied) and "training=mode ==" in model_fn(copied)


def test_names_that_two_methods_have_for_different_things_are_told_apart() -> None:
    clash = PROGRAM.replace("def _train(self, rate):", "def _train(self, rate):\n        net = rate * 2")
    assert "train_net = rate * 2" in model_fn(clash)


def test_a_model_fn_whose_spec_another_method_makes_is_left_to_the_analysis() -> None:
    spec = PROGRAM.replace("        return tf.estimator.EstimatorSpec(", "        return self._spec(mode)\n", 1)
    tail = spec.partition(
        "            mode, self.predictions, self.loss, self.train_op, eval_metric_ops=self.metrics)\n"
    )
    method = (
        "    def _spec(self, mode):\n"
        "        self.name = 'x'\n"
        "        if mode == 'infer':\n"
        "            return tf.estimator.EstimatorSpec(mode, self.predictions)\n"
        "        return tf.estimator.EstimatorSpec(\n"
        "            mode, self.predictions, self.loss, self.train_op, eval_metric_ops=self.metrics)\n"
    )
    text = f"{tail[0]}\n{method}{tail[2]}".replace("    def model_fn(", "    # EstimatorSpec\n    def model_fn(")
    text = text.replace('"""A model in pieces."""', '"""A model in pieces."""\n')
    assert "self._spec(mode)" in model_fn(text), "a model_fn that makes no spec itself is left to the analysis"


STAYS = {
    "a method that is called twice": (
        "        self._train(",
        "        self._add_loss(logits)\n            self._train(",
    ),
    "a method that is called in an expression": ("self._network(self.inputs)", "1 * self._network(self.inputs)"),
    "a method that returns early": (
        " self.inputs = f",
        " if labels is None:\n            return\n        self.inputs = f",
    ),
    "an attribute that another method reads": (
        "def _train(",
        "def seen(self):\n        return self.loss\n\n    def _train(",
    ),
    "the object itself in other hands": (" self.targets = labels", " self.targets = labels\n        print(self)"),
    "an attribute that other code reads": ("    print(next(", "    print(model.loss, model)\n    print(next("),
    "another class that derives from it": ("def input_fn(", "class Other(Model):\n    pass\n\n\ndef input_fn("),
    "a base class": ("class Model:", "class Model(Base):"),
    "methods in a circle": (" self.targets = labels", " self.targets = labels\n        self._read(features, labels)"),
    "an argument passed with **": ("_read(features, labels)", "_read(**{'features': features, 'labels': labels})"),
    "an attribute that the constructor sets": (
        " self.units = units",
        " self.units = units\n        self.hidden = None",
    ),
    "an attribute that only one way keeps": (
        " self.targets = labels",
        " self.targets = labels\n        if labels is None:\n            self.kept = 1\n        print(self.kept)",
    ),
    "an attribute that a loop may keep": (
        " self.targets = labels",
        " self.targets = labels\n        for self.hidden in features:\n            pass\n        print(self.hidden)",
    ),
    "a function inside with names of its own": (
        "        self.targets = labels",
        "        self.targets = labels\n        later = lambda inputs: self.inputs + inputs\n        print(later)",
    ),
}


@pytest.mark.parametrize("why", STAYS)
def test_an_object_that_cannot_be_taken_apart_stays(why: str) -> None:
    right, wrong = STAYS[why]
    assert right in PROGRAM
    text = PROGRAM.replace(right, wrong)
    ast.parse(text)
    assert written(text) == text


def test_an_attribute_that_a_mode_keeps_is_read_in_that_mode() -> None:
    kept = "        if self.mode != tf.estimator.ModeKeys.PREDICT:\n            self.targets = labels\n"
    assert "targets = labels" in model_fn(PROGRAM.replace("        self.targets = labels\n", kept))


def test_what_does_not_convert_is_told_on_the_lines_of_the_file() -> None:
    text = PROGRAM.replace("tf.layers.dropout(net, 0.2,", "tf.nn.unheard_of(net, 0.2,")
    made = convert({"train.py": text})
    assert not made.edits
    unit = next(u for u in made.ledger.units if u.kind == "model_fn")
    line = next(n for n, content in enumerate(text.split("\n"), 1) if "unheard_of" in content)
    assert unit.status == "skipped" and line in {f.line for f in unit.findings if f.severity == "error"}


def test_every_symbol_of_the_methods_is_in_the_ledger() -> None:
    made = convert({"train.py": PROGRAM})
    assert {unit.status for unit in made.ledger.units} == {"converted"}, reasons(made)
    lines = PROGRAM.split("\n")
    for symbol in made.ledger.symbols:
        assert symbol.name.rpartition(".")[2] in lines[symbol.line - 1], symbol


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_the_joined_model_is_the_model(runtime: str, tmp_path: Path) -> None:
    prove(PROGRAM, runtime, tmp_path)
