"""A name that holds two values which are both needed of the network: the later one gets a name of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert

from .small import converted, line_of, program, refused
from .test_object_proofs import read_out
from .test_spec_proofs import prove

TAIL = """
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": net})
    loss = tf.losses.mean_squared_error(wanted, tf.squeeze(net, axis=1)) + penalty
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
HEAD = """
def model_fn(features, labels, mode):
    wanted = labels
    net = tf.layers.dense(features["x"], 4)
    penalty = tf.reduce_mean(tf.square(net))
"""
LAST = "    net = tf.layers.dense(net, 1)\n"
BOTH = f"{HEAD}{LAST}{TAIL}"
BEFORE = f"""
def model_fn(features, labels, mode):
    penalty = 0.0
    if mode != tf.estimator.ModeKeys.PREDICT:
        net = labels * 2.0
        wanted = net + 1.0
    net = tf.layers.dense(features["x"], 1)
{TAIL}"""
SQUASHED = """
def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    if mode != tf.estimator.ModeKeys.PREDICT:
        loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    logits = tf.nn.sigmoid(logits)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    metrics = {"m": tf.metrics.mean(logits)}
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)
"""


def test_both_values_of_the_network_are_given_back() -> None:
    text = converted(program(model_fn=BOTH))["train.py"]
    assert "        net_2 = self.net_2(net)\n        return {'net': net, 'net_2': net_2}\n" in text
    assert "penalty = tf.reduce_mean(tf.square(net))" in text
    assert 'return {"y": net_2}' in text


def test_a_value_of_the_labels_keeps_the_name() -> None:
    text = converted(program(model_fn=BEFORE))["train.py"]
    assert "        tmp" not in text
    assert "        net_2 = y_pred\n        net = labels * 2.0\n        wanted = net + 1.0\n" in text


def test_the_loss_takes_what_the_predictions_squash_later() -> None:
    text = converted(program(model_fn=SQUASHED))["train.py"]
    assert "tf.squeeze(logits, axis=1)" in text
    assert 'logits_2 = tf.nn.sigmoid(logits)\n        return {"y": logits_2}' in text
    assert "self.mean.update_state(logits_2)" in text


def test_the_edit_is_of_the_file_as_it_was() -> None:
    text = program(model_fn=BOTH)
    edit = next(edit for edit in convert({"train.py": text}).edits if edit.path == "train.py")
    assert edit.before == text


def test_a_third_value_gets_a_third_name() -> None:
    again = f"    penalty += tf.reduce_mean(tf.abs(net))\n{LAST}"
    text = converted(program(model_fn=BOTH.replace(LAST, LAST.replace("1)", "3)") + again)))["train.py"]
    assert "return {'net': net, 'net_3': net_3, 'net_2': net_2}" in text


def test_the_new_name_is_a_free_one() -> None:
    text = BOTH.replace("    wanted = labels\n", "    wanted = labels\n    net_2 = 3.0\n").replace(
        "+ penalty", "+ penalty * net_2"
    )
    assert "        net_3 = self." in converted(program(model_fn=text))["train.py"]


def test_behind_a_block_that_returns_the_name_is_the_first_again() -> None:
    block = """    if mode == tf.estimator.ModeKeys.PREDICT:
        net = tf.nn.sigmoid(net)
        return tf.estimator.EstimatorSpec(mode, predictions={"y": net})
"""
    text = f"{HEAD.replace('4)', '1)')}\n{block}{TAIL[TAIL.index('    loss =') :]}"
    found = converted(program(model_fn=text))["train.py"]
    assert "tf.squeeze(net, axis=1)" in found
    assert 'net_2 = tf.nn.sigmoid(net)\n        return {"y": net_2}' in found


SEVERAL_WAYS = {
    "a branch": LAST.replace("    net", "    if features is not None and TWICE:\n        net", 1),
    "a loop": LAST.replace("    net", "    for _ in range(TWICE):\n        net", 1).replace("1)", "4)")
    + "    wanted = wanted\n",
    "a function inside": f"    def twice():\n        return net * 2.0\n{LAST}    penalty += tf.reduce_sum(twice())\n",
    "a change in place": "    net += tf.layers.dense(net, 1)\n",
}


@pytest.mark.parametrize("name", SEVERAL_WAYS)
def test_a_value_that_several_ways_give_refuses(name: str) -> None:
    text = program(
        model_fn=BOTH.replace(LAST, SEVERAL_WAYS[name]),
        head="import sys\nimport numpy as np\nimport tensorflow as tf\nTWICE = len(sys.argv)\n",
    )
    assert {rule for rule, _ in refused(text)} <= {"overwritten", "loop-shape", "unbound", "argument-stage"}


def test_what_training_alone_changes_is_the_last_value() -> None:
    dropout = "    if mode == tf.estimator.ModeKeys.TRAIN:\n        net = tf.layers.dropout(net, training=True)\n"
    text = BOTH.replace(LAST, f"{dropout}{LAST}").replace(
        "    penalty = tf.reduce_mean(tf.square(net))\n", "    penalty = 0.0\n"
    )
    assert "net = y_pred" in converted(program(model_fn=text))["train.py"]


def test_the_reason_names_the_later_statement() -> None:
    text = program(model_fn=BOTH.replace(LAST, SEVERAL_WAYS["a change in place"]))
    assert refused(text) == {("overwritten", line_of(text, "net += tf.layers.dense"))}


@pytest.mark.runtime
@pytest.mark.parametrize("text", [BOTH, BEFORE, SQUASHED])
def test_each_value_is_the_one_that_was_meant(text: str, tmp_path: Path) -> None:
    assert {"gradients", "training", "predictions"} <= prove(read_out(program(model_fn=text)), "legacy", tmp_path)
