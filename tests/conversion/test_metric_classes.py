"""Functions of a program that return a metric's value and update: each becomes a Keras metric class."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, refused
from .test_metrics import evaluated
from .test_proofs import prove

SCORES = '''
from tensorflow.python.ops.metrics_impl import _streaming_confusion_matrix


def class_scores(counts, kept):
    """Precision and recall over the kept classes."""
    counts = tf.cast(counts, tf.float32)
    right = tf.reduce_sum(tf.gather(tf.linalg.diag_part(counts), kept))
    given = tf.reduce_sum(tf.gather(tf.reduce_sum(counts, axis=0), kept))
    true = tf.reduce_sum(tf.gather(tf.reduce_sum(counts, axis=1), kept))
    return right / (given + 1e-6), right / (true + 1e-6)


def precision(labels, predictions, num_classes, kept=(1,), weights=None):
    """Precision over the kept classes."""
    counts, update = _streaming_confusion_matrix(labels, predictions, num_classes, weights)
    value, _ = class_scores(counts, kept)
    update, _ = class_scores(update, kept)
    return value, update


def fbeta(labels, predictions, beta=1.0):
    p, p_op = tf.metrics.precision(labels, predictions)
    r, r_op = tf.metrics.recall(labels, predictions)
    score = (1 + beta ** 2) * p * r / (beta ** 2 * p + r + 1e-6)
    return score, tf.group(p_op, r_op)


def f1(labels, predictions):
    return fbeta(labels, predictions)
'''


def scored(metrics: str, scores: str = SCORES) -> str:
    """A program that is evaluated with these metrics."""
    return evaluated(metrics).replace("\n\ndef model_fn", f"{scores}\n\ndef model_fn")


BOTH = """
found = precision(labels, classes, 2, kept=[0, 1])
metrics = {"p": found, "f": f1(labels, classes), "f2": fbeta(labels, classes, 2.0)}
"""
WEIGHTED = """
rows = tf.cast(labels + 1, tf.float32)
weighted = precision(labels, classes, 2, weights=rows)
plain, plain_op = precision(labels, classes, 2)
metrics = {"weighted": weighted, "plain": (plain, plain_op)}
"""
CALLED = """

def metric_fn(labels, classes, count):
    found = precision(labels, classes, count, [1])
    return {"eval_precision": found, "eval_f": f1(labels, classes)}

"""


def test_a_function_that_returns_a_value_and_its_update_becomes_a_metric() -> None:
    text = converted(scored(BOTH))["train.py"]
    assert "class Precision(keras.metrics.Metric):\n" in text
    assert '    """Precision over the kept classes."""\n' in text
    assert '    def __init__(self, num_classes, kept=(1,), name="precision", **kwargs):\n' in text
    assert "        self.streaming_confusion_matrix = ConfusionMatrix(num_classes)\n" in text
    assert "    def update_state(self, labels, predictions, weights=None):\n" in text
    assert "        self.streaming_confusion_matrix.update_state(labels, predictions, weights)\n" in text
    assert (
        "        value, _ = class_scores(self.streaming_confusion_matrix.result(), self.kept)\n        return value\n"
        in text
    )


def test_each_call_makes_a_metric_of_its_own_under_its_key() -> None:
    text = converted(scored(BOTH))["train.py"]
    assert 'Precision(2, kept=[0, 1], name="p")' in text or "Precision(2, kept=[0, 1], name='p')" in text
    assert "Fbeta(2.0, name='f2')" in text and "F1(name='f')" in text
    assert ".update_state(labels, classes)" in text


def test_a_metric_may_be_made_of_several_and_of_another_such_metric() -> None:
    text = converted(scored(BOTH))["train.py"]
    assert "        self.precision = keras.metrics.Precision(thresholds=0)\n" in text
    assert "        self.recall = keras.metrics.Recall(thresholds=0)\n" in text
    assert "        self.fbeta = Fbeta()\n" in text and "        return self.fbeta.result()\n" in text


def test_weights_are_given_with_each_update() -> None:
    text = converted(scored(WEIGHTED))["train.py"]
    assert ".update_state(labels, classes, weights=rows)" in text
    assert text.count("Precision(2, name=") == 2


def test_a_function_of_metrics_may_make_them_too() -> None:
    text = converted(scored("metrics = metric_fn(labels, classes, 2)", SCORES + CALLED))["train.py"]
    assert "Precision(count, [1], name='eval_precision')" in text


def test_a_value_that_is_no_pair_of_metrics_stays_a_function_of_metrics() -> None:
    both = "\n\ndef both(labels, classes):\n    return tf.metrics.mean(labels), tf.metrics.mean(classes)\n"
    text = converted(scored('a, b = both(labels, classes)\nmetrics = {"a": a, "b": b}', SCORES + both))["train.py"]
    assert "class Both(keras.layers.Layer):" in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return score, tf.group(p_op, r_op)", "return score, tf.group(p_op)"),
        ("return score, tf.group(p_op, r_op)", "return score, r_op if beta else p_op"),
        ("score = (1 +", "score = tf.reduce_mean(tf.cast(labels, tf.float32)) + (1 +"),
        ("    r, r_op = ", "    if beta > 1:\n        beta = 1.0\n    for _ in (1, 2):\n        r, r_op = "),
        ("update, _ = class_scores(update, kept)", "update = forgetful(update)"),
    ],
    ids=["one update is left out", "one of two updates", "a batch in the value", "in a loop", "another function"],
)
def test_it_is_refused(before: str, after: str) -> None:
    forgetful = "\n\ndef forgetful(update):\n    return tf.constant(0)\n"
    assert before in SCORES
    scores = SCORES.replace(before, after) + forgetful
    assert {rule for rule, _ in refused(scored(BOTH, scores))} == {"metrics"}


@pytest.mark.runtime
@pytest.mark.parametrize("metrics", [BOTH, WEIGHTED, "metrics = metric_fn(labels, classes, 2)"])
def test_it_computes_the_same(metrics: str, tmp_path: pathlib.Path) -> None:
    prove(scored(metrics, SCORES + CALLED), "legacy", tmp_path)
