"""Functions that make what an Estimator is given: what cannot be converted in them refuses the program."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import HEAD, converted, refused

COLUMNS = """
def columns():
    kinds = [tf.feature_column.categorical_column_with_hash_bucket(name, 9) for name in ("a", "b")]
    return tf.feature_column.shared_embedding_columns(kinds, 2)
"""
MODEL = """
def input_fn():
    x = {"x": [[1.0], [2.0]], "a": ["p", "q"], "b": ["q", "r"]}
    return tf.data.Dataset.from_tensor_slices((x, [1.0, 2.0])).repeat(4).batch(2)


def model_fn(features, labels, mode, params):
    net = tf.feature_column.input_layer(features, params["columns"])
    logits = tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
PLAIN = '[tf.feature_column.numeric_column("x")]'
HERE = """
def main():
    made = MADE
    tf.estimator.Estimator(model_fn, params={"columns": made}).train(input_fn, steps=4)


main()
"""
THERE = """
def run(columns):
    tf.estimator.Estimator(model_fn, params={"columns": columns}).train(input_fn, steps=4)


def main():
    made = [tf.feature_column.numeric_column("x")]
    made += MADE
    run(made)


main()
"""


@pytest.mark.parametrize("main", [HERE, THERE], ids=["in the same function", "in a function that calls it"])
def test_what_makes_the_params_is_converted_or_refuses(main: str) -> None:
    text = HEAD + COLUMNS + MODEL + main
    assert {rule for rule, _ in refused(text.replace("MADE", "columns()"))} == {"feature-column-shared-embeddings"}
    assert "keras.layers.Dense(1" in converted(text.replace("MADE", PLAIN))["train.py"]


def test_what_another_file_makes_is_converted_or_refuses() -> None:
    imported = HEAD + "import wide\n" + MODEL + HERE.replace("MADE", "wide.columns()")
    found = refused({"train.py": imported, "wide.py": f"import tensorflow as tf\n{COLUMNS}"})
    assert {rule for rule, _ in found} == {"feature-column-shared-embeddings"}


ENDS = "steps=4)\n"


def test_what_only_stands_beside_stays_with_a_marker() -> None:
    conversion = convert({"train.py": HEAD + COLUMNS + MODEL + HERE.replace("MADE", PLAIN)})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}
    assert "# TODO(migrate): embeddings that columns share are not converted yet" in conversion.edits[-1].after


@pytest.mark.parametrize(
    "call",
    ["print(columns())", "print(shown())", "print(list(map(columns, [])))", "Shown().all()"],
    ids=["called", "called by what is called", "handed on", "called by a method"],
)
def test_what_the_program_comes_to_refuses(call: str) -> None:
    shown = "\n\ndef shown():\n    return columns()\n\n\nclass Shown:\n    def all(self):\n        return columns()\n"
    main = HERE.replace("MADE", PLAIN).replace(ENDS, f"{ENDS}    {call}\n")
    assert {rule for rule, _ in refused(HEAD + COLUMNS + shown + MODEL + main)} == {"left-code"}


def test_what_is_defined_again_is_not_come_to() -> None:
    again = COLUMNS + "\n\ndef columns():\n    return []\n"
    main = HERE.replace("MADE", PLAIN).replace(ENDS, f"{ENDS}    print(columns())\n")
    conversion = convert({"train.py": HEAD + again + MODEL + main})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}


@pytest.mark.parametrize(
    "beside",
    [
        "class Old(tf.train.SessionRunHook):\n    pass\n",
        "class Old:\n    size = tf.get_variable('size', [])\n",
        "class Old:\n    def all(self, size=tf.get_variable('size', [])):\n        return size\n",
        "def old(size=tf.get_variable('size', [])):\n    return size\n",
    ],
    ids=["a base", "beside the methods", "a default of a method", "a default"],
)
def test_what_runs_when_the_file_is_imported_refuses(beside: str) -> None:
    text = HEAD + f"\n\n{beside}\n" + MODEL + HERE.replace("MADE", PLAIN)
    assert {rule for rule, _ in refused(text)} == {"left-code"}


def test_what_a_method_that_nobody_names_says_stays_with_a_marker() -> None:
    beside = "class Old:\n    def all(self):\n        return tf.get_variable('size', [])\n"
    conversion = convert({"train.py": HEAD + f"\n\n{beside}\n" + MODEL + HERE.replace("MADE", PLAIN)})
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}
    assert "        # TODO(migrate): " in conversion.edits[-1].after
