"""Objects that programs change compute what they did: configurations, params, objects with tensors; both sides run."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import program
from .test_continued import BUILT, KEPT
from .test_params_changed import changed
from .test_set_by_mode import configured
from .test_spec_proofs import prove

pytestmark = pytest.mark.runtime


@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_a_rate_that_only_training_has_is_that_rate_and_none_elsewhere(runtime: str, tmp_path: Path) -> None:
    assert {"gradients", "training", "predictions"} <= prove(read_out(configured()), runtime, tmp_path)


def test_params_that_a_model_fn_changes_are_changed_as_often_as_before(tmp_path: Path) -> None:
    assert {"learning rate", "predictions"} <= prove(read_out(changed()), "legacy", tmp_path)


@pytest.mark.parametrize("text", [BUILT, KEPT])
def test_a_network_that_methods_of_its_object_build_is_the_same(text: str, tmp_path: Path) -> None:
    assert {"gradients", "training", "predictions"} <= prove(read_out(program(model_fn=text)), "legacy", tmp_path)


SHARED = """
class Network(object):
    def __init__(self, x, training):
        self.hidden = tf.layers.dropout(tf.layers.dense(x, 4), 0.4, training=training)


def model_fn(features, labels, mode):
    logits = tf.layers.dense(Network(features["x"], mode == tf.estimator.ModeKeys.TRAIN).hidden, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def reading_fn(features, labels, mode):
    net = Network(features["x"], False)
    if mode != tf.estimator.ModeKeys.PREDICT:
        raise ValueError("it only predicts")
    return tf.estimator.EstimatorSpec(mode, predictions={"hidden": net.hidden})
"""
READING = """
    reader = tf.estimator.Estimator(reading_fn, made.model_dir)
    print(next(iter(reader.predict(input_fn))))
"""


def test_a_network_that_one_program_trains_and_another_only_reads_is_the_same(tmp_path: Path) -> None:
    before, main, after = read_out(program(model_fn=SHARED)).rpartition("\n\nif __name__")
    assert {"gradients", "training", "predictions"} <= prove(before + READING + main + after, "legacy", tmp_path)


def read_out(text: str) -> str:
    """The program with a prediction at its end, on data that ends."""
    text = text.replace(".repeat().batch(4)", ".repeat(4).batch(4)")
    given = text.partition("    tf.estimator.Estimator(")[2].partition(").train(")[0]
    train = f"    tf.estimator.Estimator({given}).train(input_fn, steps=8)\n"
    assert train in text
    steps = f"    made = tf.estimator.Estimator({given})\n    made.train(input_fn, steps=8)\n"
    return text.replace(train, f"{steps}    print(next(iter(made.predict(input_fn))))\n")
