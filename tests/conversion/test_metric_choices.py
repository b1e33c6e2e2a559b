"""One key of the metrics, and another tf.metrics call on each side of a condition."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import converted, refused
from .test_metrics import evaluated
from .test_spec_proofs import prove

LOSS = "    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)\n"
ERRORS = """

def errors(labels, logits):
    if logits.shape[1] == WIDTH:
        labels = tf.one_hot(labels, WIDTH)
        loss = tf.losses.mean_squared_error(labels, logits)
        rmse = tf.metrics.root_mean_squared_error(labels, logits)
        return loss, rmse
    else:
        labels = tf.cast(labels, tf.float32)
        loss = tf.losses.mean_squared_error(labels, logits[:, 0])
        rmse = tf.metrics.root_mean_squared_error(labels, logits[:, 0])
        return loss, rmse

"""
SIZES = """
if logits.shape[1] == 2:
    hits = tf.metrics.mean(tf.cast(tf.equal(labels, classes), tf.float32))
else:
    hits = tf.metrics.mean(tf.cast(labels, tf.float32))
metrics = {"hits": hits}
"""
RUNS = """
if params["more"]:
    score = tf.metrics.accuracy(labels, classes)
else:
    score = tf.metrics.mean(logits)
metrics = {"score": score}
"""
RETURNS_EARLY = ERRORS.replace("    else:\n", "    if True:\n")


def returning(helper: str, width: int = 2) -> str:
    """A program whose loss and metric come from one function with a branch on a size."""
    text = evaluated('loss, rmse = errors(labels, logits)\nmetrics = {"rmse": rmse}').replace(LOSS, "")
    return text.replace("\n\ndef model_fn", helper.replace("WIDTH", str(width)) + "\ndef model_fn")


def test_sides_that_a_size_chooses_update_one_metric() -> None:
    text = converted(evaluated(SIZES))["train.py"]
    assert text.count("keras.metrics.Mean(") == 1
    assert text.count("self.hits.update_state(") + text.count("self.mean.update_state(") == 2


def test_a_run_makes_the_metric_of_its_own_side() -> None:
    text = converted(evaluated(RUNS))["train.py"]
    assert text.count("name='score'") == 2
    assert "        if params['more']:" in text.replace('"', "'")


def test_each_branch_returns_its_loss_beside_the_metric() -> None:
    text = converted(returning(ERRORS))["train.py"]
    values = text.split("def values(self, labels, logits):")[1].split("class ")[0]
    assert values.count("            return loss\n") == 2 and "update_state" not in values
    assert text.count("keras.metrics.RootMeanSquaredError(name='rmse')") == 1


OTHER = """
if logits.shape[1] == 2:
    area = tf.metrics.auc(labels, logits[:, 1], num_thresholds=NUMBER)
else:
    area = tf.metrics.auc(labels, logits[:, 0])
metrics = {"area": area}
"""
LATER = """
hits = tf.metrics.mean(logits)
if logits.shape[1] == 2:
    hits = tf.metrics.mean(logits[:, 1])
metrics = {"hits": hits}
"""


@pytest.mark.parametrize(
    "text",
    [
        evaluated(OTHER.replace("NUMBER", "20")),
        evaluated(OTHER.replace("NUMBER", "len(features)")),
        evaluated(SIZES.replace("mean(tf.cast(labels, tf.float32))", "accuracy(labels, classes)")),
        evaluated(LATER),
        returning(RETURNS_EARLY),
    ],
)
def test_what_is_not_one_metric_refuses(text: str) -> None:
    assert {rule for rule, _ in refused(text)} == {"metrics"}


@pytest.mark.runtime
@pytest.mark.parametrize("text", [evaluated(SIZES), evaluated(RUNS), returning(ERRORS), returning(ERRORS, 3)])
def test_the_metrics_are_the_same(text: str, tmp_path: Path) -> None:
    assert {"metrics", "loss", "training"} <= prove(text, "legacy", tmp_path)
