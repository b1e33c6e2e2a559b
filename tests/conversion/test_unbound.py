"""Names that only some ways through a model_fn bind stay so: the Keras model misses them where TensorFlow 1 did."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import converted, program, refused
from .test_object_proofs import read_out
from .test_spec_proofs import prove

HEAD = """
def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 4)
"""
SQUARES = "\n    if params['loss'] == 'squares':\n        loss = "
ADDED = "    if params['kind'] == 'sum':\n        loss += tf.reduce_mean(aux)\n    train_op"
TAIL = """
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
CHOSEN = f"""{HEAD}
    for width in params["widths"]:
        deep = tf.layers.dense(features["x"], width)
    if params["kind"] == "sum":
        extra = tf.reduce_sum(deep, axis=1, keepdims=True)
    elif params["kind"] == "mean":
        extra = tf.reduce_mean(deep, axis=1, keepdims=True)
    if params["head"] == "linear":
        logits = tf.layers.dense(net + extra, 1)
    elif params["head"] == "positive":
        logits = tf.layers.dense(net + extra, 1, activation=tf.nn.relu)
{TAIL.replace("    loss = ", "    error = tf.squeeze(logits, axis=1)" + SQUARES)}"""
HELPER = f"""
def combined(x, kind):
    if kind == "sum":
        width = 3
        found = tf.reduce_sum(x, axis=1, keepdims=True)
    elif kind == "mean":
        width = 2
        found = tf.reduce_mean(x, axis=1, keepdims=True)
    return tf.layers.dense(found, width)

{HEAD}
    logits = tf.layers.dense(combined(net, params["kind"]), 1)
{TAIL}"""
GIVEN = '"kind": KIND, "head": KIND and "linear", "widths": WIDTHS, "loss": KIND and "squares"'
CONSTANTS = 'import numpy as np\nimport tensorflow as tf\nimport os\n\nKIND = os.environ.get("KIND", "mean")\n'
CONSTANTS += 'WIDTHS = [int(w) for w in os.environ.get("WIDTHS", "2 3").split()]\n'


def chosen(model_fn: str) -> str:
    """A program whose params are known when it runs, and not before."""
    text = program(model_fn=model_fn, head=CONSTANTS)
    return text.replace("Estimator(model_fn)", f"Estimator(model_fn, params={{{GIVEN}}})")


def test_a_value_of_a_branch_without_an_else_is_read_as_before() -> None:
    text = converted(chosen(CHOSEN))["train.py"]
    assert 'elif self.params["kind"] == "mean":' in text
    assert "return logits" in text
    assert "loss = keras.ops.mean(" in text  # in a branch, too


def test_a_value_that_a_loop_leaves_is_read_as_before() -> None:
    assert "for deep_2 in self.deeps:\n            deep = deep_2(" in converted(chosen(CHOSEN))["train.py"]


def test_a_helper_reads_what_one_of_its_branches_bound() -> None:
    assert "class Combined(keras.layers.Layer):" in converted(chosen(HELPER))["train.py"]


AUXILIARY = f"""{HEAD}
    logits = tf.layers.dense(net, 1)
    if params["kind"] == "sum":
        aux = tf.layers.dense(net, 1)
{TAIL.replace("    train_op", ADDED)}"""
SELDOM = CHOSEN.replace('{"y": logits}', '{"y": net} if params["kind"] else {"y": logits}')
UNDONE = CHOSEN.replace("    if mode ==", "    if not params['kind']:\n        return None\n    if mode ==")


SEEN = AUXILIARY.replace('{"y": logits}', '{"y": logits, "aux": aux}')
BY_MODE = AUXILIARY.replace('    if params["kind"] == "sum":', "    if mode == tf.estimator.ModeKeys.TRAIN:").replace(
    "if params['kind'] == 'sum':", "if mode == tf.estimator.ModeKeys.TRAIN:"
)


def test_a_part_of_the_network_that_is_not_always_there_is_none() -> None:
    text = converted(chosen(AUXILIARY))["train.py"]
    assert "    def call(self, features):\n        aux = None\n" in text
    assert "return {'logits': logits, 'aux': aux}" in text
    assert "if self.params['kind'] == 'sum':\n            loss += tf.reduce_mean(aux)" in text


@pytest.mark.parametrize("text", [SELDOM, UNDONE, SEEN, BY_MODE])
def test_what_the_network_gives_back_only_sometimes_refuses(text: str) -> None:
    """`call` would read it in every case."""
    assert "unbound" in {rule for rule, _ in refused(chosen(text))}


def test_a_parameter_that_is_bound_anew_in_one_case_is_no_such_name() -> None:
    text = CHOSEN.replace("logits = tf", "labels = tf").replace('"y": logits', '"y": labels')
    text = text.replace("tf.squeeze(logits, axis=1)", "labels")
    assert {rule for rule, _ in refused(chosen(text))}


THERE = AUXILIARY.replace("'sum'", "'mean'").replace('"sum"', '"mean"')


@pytest.mark.runtime
@pytest.mark.parametrize("text", [CHOSEN, HELPER, AUXILIARY, THERE], ids=["chosen", "helper", "absent", "there"])
def test_a_network_of_such_names_is_the_same(text: str, tmp_path: Path) -> None:
    assert {"gradients", "training", "predictions"} <= prove(read_out(chosen(text)), "legacy", tmp_path)
