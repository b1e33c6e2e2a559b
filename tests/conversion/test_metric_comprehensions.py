"""Metrics that a dictionary comprehension makes: a list of them, updated one for each trip."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, refused
from .test_metrics import evaluated
from .test_proofs import prove

BY_CLASS = """
names = ["low", "high"]
metrics = {"mean/" + name: tf.metrics.mean(logits[:, i], weights=labels) for i, name in enumerate(names)}
metrics.update({"class_%d" % i: tf.metrics.recall(tf.equal(labels, i), tf.equal(classes, i)) for i in range(2)})
"""
OVER = """
parts = {"mean": tf.reduce_mean(logits), "loss/now": loss}
metrics = {"of_" + key: tf.metrics.mean(tensor) for key, tensor in parts.items()}
"""


def test_each_trip_has_a_metric_of_its_own() -> None:
    text = converted(evaluated(BY_CLASS))["train.py"]
    assert "for i, name in enumerate(self.names)" in text and '"class_%d" % i' in text
    assert "for (i, name), mean in zip(enumerate(self.names), self.means):\n            mean.update_state(" in text
    assert "for i, recall in zip(range(2), self.recalls):" in text


def test_of_a_dictionary_of_tensors_only_the_keys_are_known_when_metrics_are_made() -> None:
    text = converted(evaluated(OVER))["train.py"]
    assert "for key in ('mean', 'loss/now')" in text
    update = "for key, mean in zip(('mean', 'loss/now'), self.means):\n            mean.update_state(parts[key])"
    assert update in text


@pytest.mark.parametrize(
    ("metrics", "rule"),
    [
        ('metrics = {"m%d" % i: tf.metrics.mean(logits[:, i]) for i in range(2) if i > 0}', "metrics"),
        ('metrics = {"m": tf.metrics.mean(logits[:, i]) for i in range(2)}', "metrics"),
        ('metrics = {"m%d" % i: (tf.metrics.mean(logits)[0], tf.no_op()) for i in range(2)}', "metrics"),
        (OVER.replace('{"mean": ', "{str(loss): "), "argument-stage"),
        ('i = loss\nmetrics = {"m%d" % i: tf.metrics.mean(logits[:, i]) for i in (0, 1)}', "metrics"),
        ("metrics = {a: tf.metrics.mean(logits[:, b]) for a in 'xy' for b in (0, 1)}", "nested-comprehension"),
    ],
    ids=["filtered", "one key", "a value of one", "keys that are not known", "a name of the function", "two loops"],
)
def test_it_is_refused(metrics: str, rule: str) -> None:
    assert {found for found, _ in refused(evaluated(metrics))} == {rule}


@pytest.mark.runtime
def test_it_computes_the_same(tmp_path: pathlib.Path) -> None:
    prove(evaluated(BY_CLASS + OVER.replace("metrics = {", "metrics.update({")[:-2] + "})"), "legacy", tmp_path)
