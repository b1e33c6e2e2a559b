"""Weights of metrics: one number for all examples weighs each of them, in batches of every size."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import MODEL_FN, converted, program, refused
from .test_proofs import prove

METRICS = """
    metrics = {
        "mean": tf.metrics.mean(logits, weights=WEIGHTS),
        "accuracy": tf.metrics.accuracy(labels > 30, logits[:, 0] > 0, WEIGHTS),
        "size": tf.metrics.root_mean_squared_error(labels, logits[:, 0], weights=WEIGHTS),
        "high": tf.metrics.true_positives(labels > 30, logits[:, 0] > 0, weights=WEIGHTS),
    }
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op ="""


def weighed(weights: str) -> str:
    """A program with metrics of these weights, evaluated on a batch of five examples and one of three."""
    model_fn = MODEL_FN.replace("\n    train_op =", METRICS.replace("WEIGHTS", weights), 1)
    text = program(model_fn=model_fn)
    run = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
    assert run in text
    more = "def few():\n" + text.partition("def input_fn():\n")[2].partition("\n\n\n")[0].replace(
        ".repeat().batch(4)", ".batch(5)"
    )
    steps = ("made = tf.estimator.Estimator(model_fn)", "made.train(input_fn, steps=8)", "print(made.evaluate(few))")
    return text.replace(run, "".join(f"    {step}\n" for step in steps)).replace(
        "def main():", f"{more}\n\n\ndef main():"
    )


@pytest.mark.parametrize(
    ("weights", "given"),
    [
        ("None", "update_state(logits, None)"),
        ("1.0", "update_state(logits)"),
        ("0.5", "update_state(logits, tf.fill(tf.shape(logits), 0.5))"),
        ("tf.constant(2.0)", "update_state(logits, tf.fill(tf.shape(logits), tf.constant(2.0)))"),
        ("features['x'][:, :1]", "update_state(logits, x['x'][:, :1])"),
    ],
)
def test_what_the_metric_is_updated_with(weights: str, given: str) -> None:
    assert given in converted(weighed(weights))["train.py"].replace("features['x']", "x['x']")


def test_what_may_be_one_number_or_none_refuses() -> None:
    text = weighed("WEIGHT").replace("import numpy as np\n", "import numpy as np\nfrom settings import WEIGHT\n")
    assert {rule for rule, _ in refused(text)} == {"metric-weights"}


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("weights", ["1.0", "0.5", "tf.constant(2.0)"])
def test_the_numbers_are_the_same(weights: str, runtime: str, tmp_path: Path) -> None:
    prove(weighed(weights), runtime, tmp_path)
