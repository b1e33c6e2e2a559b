"""What stands beside metrics: a loss from the same function, values whose update is arithmetic, rates and steps."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, refused
from .test_metrics import evaluated
from .test_proofs import prove

LOSS = "    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)\n"
COMPUTE = """

def compute(labels, logits, classes, scale=1.0):
    rows = tf.losses.sparse_softmax_cross_entropy(labels, logits, reduction=tf.losses.Reduction.NONE)
    accuracy = tf.metrics.accuracy(labels, classes)
    mean = tf.metrics.mean(rows)
    return scale * tf.reduce_mean(rows), rows, {"accuracy": accuracy, "mean": mean}

"""
UNPACKED = "loss, rows, metrics = compute(labels, logits, classes, 2.0)"
ARITHMETIC = """
p = tf.metrics.precision(labels, classes)
r, r_op = tf.metrics.recall(labels, classes)
f = 2 * p[0] * r / (p[0] + r + 1e-6)
metrics = {"eval/f1": (f, 2 * p[1] * r_op / (p[1] + r_op)), "same": (f, tf.identity(f)), "eval/p": p}
"""
RATE = "tf.train.exponential_decay(0.1, tf.train.get_global_step(), 4, 0.5)"
RATES = f"""
rate = {RATE}
epoch = tf.cast(tf.train.get_global_step(), tf.float32) / params["more"]
metrics = {{"rate": tf.metrics.mean(tf.tile(tf.expand_dims(rate, 0), [4])), "epoch": tf.metrics.mean(epoch)}}
"""


def computing(metrics: str = UNPACKED, helper: str = COMPUTE) -> str:
    """A program whose loss and metrics come from one function."""
    return evaluated(metrics).replace(LOSS, "").replace("\n\ndef model_fn", helper + "\ndef model_fn")


def rated(metrics: str = RATES, given: str = "rate") -> str:
    """A program that reports the rate of its optimizer."""
    return evaluated(metrics).replace("AdamOptimizer(0.01)", f"GradientDescentOptimizer({given})")


def test_a_loss_beside_metrics_is_told_by_a_method_that_updates_nothing() -> None:
    text = converted(computing())["train.py"]
    assert "        self.compute = Compute(2.0)\n" in text
    assert "        loss, rows = self.compute.values(labels, logits, classes)\n        return loss\n" in text
    assert "        self.compute(labels, logits, classes)\n        return self.get_metrics_result()" in text
    values = text.split("def values(self, labels, logits, classes):")[1].split("class ")[0]
    assert "update_state" not in values and "return self.scale * tf.reduce_mean(rows), rows\n" in values


def test_a_pair_of_a_loss_and_a_metric_is_no_metric() -> None:
    every = 'scale * tf.reduce_mean(rows), rows, {"accuracy": accuracy, "mean": mean}'
    returned = COMPUTE.replace(every, "loss, accuracy")
    made = "    mean = tf.metrics.mean(rows)\n    return"
    helper = returned.replace(made, "    loss = tf.reduce_mean(rows)\n    return")
    text = converted(computing('loss, accuracy = compute(labels, logits, classes)\nmetrics = {"a": accuracy}', helper))
    assert "return self.compute.values(labels, logits, classes)" in text["train.py"]


def test_the_update_may_be_computed_from_updates() -> None:
    text = converted(evaluated(ARITHMETIC))["train.py"]
    assert "name='eval/p'" in text and "del results['recall']" in text
    assert "results['eval/f1'] = f" in text and "results['same'] = f" in text


def test_the_rate_of_the_optimizer_is_asked_of_it() -> None:
    text = converted(rated())["train.py"]
    assert "tf.expand_dims(self.optimizer.learning_rate, 0)" in text
    assert "epoch = tf.cast(self.optimizer.iterations, tf.float32) / self.params[" in text
    assert text.count("ExponentialDecay(") == 1


@pytest.mark.parametrize(
    ("program", "rules"),
    [
        (computing("loss = compute(labels, logits, classes)[0]\nmetrics = {}"), {"metrics"}),
        (computing("loss, rows, metrics = both = compute(labels, logits, classes)"), {"metrics"}),
        (evaluated(ARITHMETIC.replace("2 * p[1] * r_op / (p[1] + r_op)", "p[1]")), {"metrics"}),
        (evaluated(ARITHMETIC.replace("tf.identity(f)", "tf.cond(True, lambda: r_op, lambda: f)")), {"metrics"}),
        (evaluated(ARITHMETIC.replace("tf.identity(f)", "tf.py_func(print, [f], tf.float32)")), {"metrics"}),
        (rated(given="0.1"), {"schedule-value"}),
        (rated(given=RATE), {"schedule-value"}),
    ],
    ids=["a part is taken", "kept whole", "never updated", "a choice", "an effect", "another rate", "made twice"],
)
def test_it_is_refused(program: str, rules: set[str]) -> None:
    assert {rule for rule, _ in refused(program)} == rules


@pytest.mark.runtime
@pytest.mark.parametrize("program", [computing(), evaluated(ARITHMETIC), rated()], ids=["values", "f1", "rates"])
def test_it_computes_the_same(program: str, tmp_path: pathlib.Path) -> None:
    prove(program, "legacy", tmp_path)
