"""Scripts that make one Estimator after the other at the top level, and names that they bind again on the way."""

from __future__ import annotations

import pytest

from migrator.conversion import Conversion
from migrator.convert import convert

HEAD = """\
import tensorflow as tf

UNITS = 10
columns = [tf.feature_column.numeric_column('x')]


def net(x):
    return tf.layers.dense(x, 5)


def model_fn(features, labels, mode):
    logits = tf.layers.dense(net(features['x']), UNITS)
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, logits, loss, train_op)


def input_fn():
    return tf.data.Dataset.from_tensor_slices(({'x': [[1.0]]}, [1])).batch(1)


"""
ADDED = "def more(labels, predictions):\n    return {'%s': tf.metrics.%s(labels, predictions['predictions'])}\n\n\n"
TOGETHER = {
    "canned ones of one name": (
        "model = tf.estimator.LinearRegressor(columns)\nmodel.train(input_fn, steps=3)\n"
        "model = tf.estimator.DNNRegressor([4], columns)\nmodel.train(input_fn, steps=5)\n",
        [".fit(input_fn(), steps_per_epoch=3)", ".fit(input_fn(), steps_per_epoch=5)"],
    ),
    "canned ones of two names": (
        "one = tf.estimator.LinearRegressor(columns)\none.train(input_fn, steps=3)\n"
        "other = tf.estimator.DNNRegressor([4], columns)\nother.train(input_fn, steps=5)\n",
        ["one = build_linear_regressor(", "other = build_dnn_regressor("],
    ),
    "a canned one and another": (
        "one = tf.estimator.LinearRegressor(columns)\none.train(input_fn, steps=3)\n"
        "other = tf.estimator.Estimator(model_fn)\nother.train(input_fn, steps=5)\n",
        ["one = build_linear_regressor(", "other = build_model()"],
    ),
    "a function defined again": (
        "def run(steps):\n    tf.estimator.LinearRegressor(columns).train(input_fn, steps=steps)\n\n\nrun(3)\n\n\n"
        "def run(steps):\n    tf.estimator.DNNRegressor([4], columns).train(input_fn, steps=steps)\n\n\nrun(5)\n",
        ["build_linear_regressor({", "build_dnn_regressor({"],
    ),
}


@pytest.mark.parametrize(("tail", "lines"), TOGETHER.values(), ids=TOGETHER)
def test_estimators_one_after_the_other_are_converted_together(tail: str, lines: list[str]) -> None:
    made = convert({"train.py": HEAD + tail})
    assert {unit.status for unit in made.ledger.units if unit.line > HEAD.count("\n")} == {"converted"}
    (text,) = (edit.after for edit in made.edits if edit.path == "train.py")
    places = [text.index(line) for line in lines]
    assert places == sorted(places)


ALONE = "first = tf.estimator.Estimator(model_fn)\nfirst.train(input_fn, steps=3)\n"
AGAIN = "second = tf.estimator.Estimator(model_fn)\nsecond.train(input_fn, steps=3)\n"


def reasons(made: Conversion) -> set[str]:
    """The rules of the findings for which units are left."""
    units = [unit for unit in made.ledger.units if unit.status != "converted"]
    return {finding.rule for unit in units for finding in unit.findings if finding.severity == "error"}


REBOUND = {
    "a number between two Estimators": ALONE + "UNITS = 20\n" + AGAIN,
    "a number between an Estimator and its training": ALONE.replace("\nfirst", "\nUNITS = 20\nfirst") + AGAIN,
    "a layer function": ALONE + "\n\ndef net(x):\n    return tf.layers.dense(x, 6)\n\n\n" + AGAIN,
}


@pytest.mark.parametrize("tail", REBOUND.values(), ids=REBOUND)
def test_what_a_model_reads_may_not_change_while_the_program_runs(tail: str) -> None:
    assert reasons(convert({"train.py": HEAD + tail})) == {"rebound"}


SAME = {
    "nothing": ALONE + AGAIN,
    "the same number": ALONE + "UNITS = 10\n" + AGAIN,
    "a number before anything runs": "UNITS = 20\n" + ALONE + AGAIN,
    "what no model reads": ALONE + "columns = []\n" + AGAIN,
}


@pytest.mark.parametrize("tail", SAME.values(), ids=SAME)
def test_what_does_not_change_a_model_may_be_bound_again(tail: str) -> None:
    assert reasons(convert({"train.py": HEAD + tail})) == set()


def test_added_metrics_of_one_name_are_told_apart_by_a_person() -> None:
    use = "model = tf.estimator.LinearRegressor(columns)\nmodel = tf.estimator.add_metrics(model, more)\n"
    twice = ADDED % ("mae", "mean_absolute_error") + use + "\n\n" + ADDED % ("mse", "mean_squared_error") + use
    made = convert({"train.py": HEAD + twice})
    messages = {finding.message for unit in made.ledger.units for finding in unit.findings}
    assert "`more` stands for several functions, one after the other: give each a name" in messages


STARTED = """

def build(kind, config):
    if kind == 'wide':
        return tf.estimator.LinearRegressor(columns, config=config)
    return tf.estimator.DNNRegressor([4], columns, config=config)


def main(unused):
    settings = tf.ConfigProto()
    config = tf.estimator.RunConfig().replace(session_config=settings, keep_checkpoint_max=1)
    build(str(unused), config).train(input_fn, steps=3)


if __name__ == '__main__':
    tf.app.run(START)
"""


@pytest.mark.parametrize("start", ["", "main", "main=main, argv=[__file__]"])
def test_what_the_main_function_hands_on_is_known_however_it_is_started(start: str) -> None:
    before = HEAD.split("UNITS")[0] + "columns = [tf.feature_column.numeric_column('x')]\n\n\n"
    text = before + HEAD[HEAD.index("def input_fn") :].rstrip() + STARTED.replace("START", start)
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}
