"""Modes that a model_fn does not serve, and specs that are not one spec."""

from __future__ import annotations

import textwrap

import pytest

from migrator.convert import convert

from .small import MODEL_FN, converted, program, refused

RAISES = """
def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    if mode == tf.estimator.ModeKeys.EVAL:
        raise ValueError("no evaluation")
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
PREDICTS = """
def model_fn(features, labels, mode):
    hidden = tf.layers.dense(features["x"], 2)
    if mode != tf.estimator.ModeKeys.PREDICT:
        raise ValueError("only predictions")
    logits = tf.layers.dense(hidden, 1)
    return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
"""


def test_the_modes_in_which_a_model_fn_returns_are_converted_and_the_other_is_named() -> None:
    after = converted(program(model_fn=RAISES))["train.py"]
    assert "def compute_loss" in after and "def predict_step" in after
    notes = [f for u in convert({"train.py": program(model_fn=RAISES)}).ledger.units for f in u.findings]
    assert {(f.rule, f.severity) for f in notes} == {("mode-raises", "info")}
    assert "'eval'" in notes[0].message


@pytest.mark.parametrize("last", ["return None", "return"])
def test_a_mode_without_a_spec_is_named_as_one_that_raises(last: str) -> None:
    text = program(model_fn=RAISES).replace('raise ValueError("no evaluation")', last)
    converted(text)
    notes = [f for u in convert({"train.py": text}).ledger.units for f in u.findings]
    assert {(f.rule, f.severity) for f in notes} == {("mode-raises", "info")}
    assert "no spec in mode 'eval'" in notes[0].message


def test_a_model_fn_that_only_predicts_has_no_loss() -> None:
    text = program(model_fn=PREDICTS).replace(".train(input_fn, steps=8)", ".predict(input_fn)")
    after = converted(text)["train.py"]
    assert "def predict_step" in after and "compute_loss" not in after and "raise" not in after


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ("return loss, None", "the model_fn returns something else than a spec in mode 'eval'"),
        (
            "return tf.contrib.estimator.regression_head().create_estimator_spec(features, mode, logits)",
            "the spec is made by `tensorflow.contrib.estimator.regression_head.create_estimator_spec` in mode 'eval'",
        ),
        (
            "if FAST:\n            return tf.estimator.EstimatorSpec(mode, loss=loss)\n"
            "        return tf.estimator.EstimatorSpec(mode, loss=2 * loss)",
            "which of the specs on lines 18 and 19 is returned is only known at run time in mode 'eval'",
        ),
    ],
)
def test_what_is_returned_instead_of_one_spec_is_named(last: str, reason: str) -> None:
    text = program(model_fn=RAISES).replace(
        'raise ValueError("no evaluation")', f"loss = tf.reduce_mean(logits)\n        {last}"
    )
    text = text.replace("import tensorflow as tf\n", "import tensorflow as tf\n\nFAST = bool(input())\n", 1)
    assert {rule for rule, _ in refused(text)} == {"spec"}
    messages = {f.message for u in convert({"train.py": text}).ledger.units for f in u.findings}
    assert messages == {reason}


def test_a_model_fn_whose_head_makes_the_spec_is_in_the_ledger_though_no_estimator_is_given_it() -> None:
    text = """
    import tensorflow as tf


    def my_model_fn(features, labels, mode, head):
        logits = tf.layers.dense(features["x"], head.logits_dimension)
        return head.create_estimator_spec(features, mode, logits, labels=labels, train_op_fn=None)
    """
    ledger = convert({"train.py": textwrap.dedent(text)}).ledger
    assert [(u.kind, u.name, u.status) for u in ledger.units] == [("model_fn", "my_model_fn", "skipped")]
    assert ledger.units[0].findings[0].rule == "spec"


def test_what_is_trainable_is_asked_in_training_only() -> None:
    fn = MODEL_FN.replace(
        'tf.layers.dense(features["x"], 1)',
        'tf.layers.dense(features["x"], 1, trainable=mode == tf.estimator.ModeKeys.TRAIN)',
    )
    assert "self.logits = keras.layers.Dense(1)\n" in converted(program(model_fn=fn))["train.py"]
