"""A model that each mode calls in a branch of its own, in the same words for prediction and evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import converted, program
from .test_proofs import prove

MODEL_FN = """
class Network:
    def __init__(self, rate):
        self.hidden = tf.layers.Dense(6, activation=tf.nn.relu)
        self.dropout = tf.layers.Dropout(rate)
        self.last = tf.layers.Dense(1)

    def __call__(self, inputs, training):
        return self.last(self.dropout(self.hidden(inputs), training=training))


def model_fn(features, labels, mode, params):
    network = Network(params["rate"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        logits = network(features["x"], training=False)
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    if mode == tf.estimator.ModeKeys.TRAIN:
        logits = network(features["x"], training=True)
        loss = tf.losses.mean_squared_error(labels, logits[:, 0])
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
    if mode == tf.estimator.ModeKeys.EVAL:
        logits = network(features["x"], training=False)
        loss = tf.losses.mean_squared_error(labels, logits[:, 0])
        return tf.estimator.EstimatorSpec(
            mode, loss=loss, eval_metric_ops={"mean": tf.metrics.mean(logits)})
"""


def branched(model_fn: str = MODEL_FN) -> str:
    """A program that trains, evaluates and predicts."""
    text = program(model_fn=model_fn)
    run = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
    assert run in text
    steps = (
        'made = tf.estimator.Estimator(model_fn, params={"rate": 0.3})',
        "made.train(input_fn, steps=8)",
        "print(made.evaluate(input_fn, steps=2))",
        "print(next(made.predict(input_fn)))",
    )
    return text.replace(run, "".join(f"    {step}\n" for step in steps))


def test_one_call_serves_all_modes() -> None:
    after = converted(branched())["train.py"]
    assert "        return self.network(features['x'], training=training)" in after.replace('"', "'")
    assert after.count("self.network(") == 1


@pytest.mark.parametrize(
    "other", ['network(features["x"] * 2, training=False)', 'network(features["x"], training=False) * 2']
)
def test_a_prediction_in_other_words_has_a_call_of_its_own(other: str) -> None:
    after = converted(branched(MODEL_FN.replace('network(features["x"], training=False)', other, 1)))["train.py"]
    assert f"        logits = self.{other}\n" in after.partition("def predict_step(")[2]


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_the_numbers_are_the_same(runtime: str, tmp_path: Path) -> None:
    prove(branched(), runtime, tmp_path)
