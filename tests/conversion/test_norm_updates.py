"""When the moving averages of a batch norm follow the batches: UPDATE_OPS, or on the spot, or never."""

from __future__ import annotations

import pathlib

import pytest

from .small import HEAD, converted, program, refused
from .test_proofs import prove

MODEL = """
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    h = tf.contrib.layers.batch_norm(features["x"], decay=0.9, is_training=training, GIVEN)
    logits = tf.layers.dense(OTHER, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def normed(given: str, other: str = "h") -> str:
    """A program that never runs UPDATE_OPS; `given` are arguments of its batch norm."""
    return program(model_fn=MODEL.replace("GIVEN", given).replace("OTHER", other), head=HEAD)


IN_PLACE = normed("updates_collections=None")
NAMED = normed("updates_collections=tf.GraphKeys.UPDATE_OPS")


def test_updates_on_the_spot_happen() -> None:
    assert "FusedBatchNormalization(momentum=0.9" in converted(IN_PLACE)["train.py"]


@pytest.mark.parametrize(
    "given", ["", "updates_collections=tf.GraphKeys.UPDATE_OPS", "updates_collections='update_ops'"]
)
def test_updates_that_are_collected_and_not_run_do_not(given: str) -> None:
    assert "FusedBatchNormalization(momentum=1.0" in converted(normed(given))["train.py"]


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ("updates_collections='mine'", "h"),
        ("updates_collections=None", "tf.layers.batch_normalization(h, training=training)"),
    ],
    ids=["a collection of its own", "some do and some do not"],
)
def test_updates_that_one_answer_does_not_tell_are_refused(given: str, other: str) -> None:
    assert "batch-norm-updates" in {rule for rule, _ in refused(normed(given, other))}


@pytest.mark.runtime
@pytest.mark.parametrize("text", [IN_PLACE, NAMED], ids=["on the spot", "never"])
def test_the_numbers_are_the_same(text: str, tmp_path: pathlib.Path) -> None:
    prove(text, "legacy", tmp_path)
