"""`tf.losses.get_total_loss()` is the sum of the losses that were collected before it."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

MODEL = """
def model_fn(features, labels, mode, params):
    logits = tf.squeeze(tf.layers.dense(features["x"], 1REGULARIZER), axis=1)
STATEMENTS
    train_op = tf.train.AdamOptimizer(0.01).minimize(total, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=total, train_op=train_op)
"""
ERROR = "tf.losses.mean_squared_error(labels, logits)"
REGULARIZER = ", kernel_regularizer=tf.contrib.layers.l2_regularizer(0.1)"


def totalled(statements: str, regularizer: str = "") -> str:
    """A program whose model_fn computes its total loss by these statements."""
    lines = "\n".join(f"    {line}" for line in statements.split("\n"))
    return program(model_fn=MODEL.replace("STATEMENTS", lines).replace("REGULARIZER", regularizer))


def loss_of(text: str) -> str:
    """What `compute_loss` returns, on one line."""
    after = converted(text)["train.py"].split("def compute_loss", 1)[1].split("\n\n")[0]
    return " ".join(after.split())


def test_a_loss_without_a_name_is_written_where_they_are_added_up() -> None:
    assert "return keras.ops.mean(" in loss_of(totalled(f"{ERROR}\ntotal = tf.losses.get_total_loss()"))


def test_a_named_loss_and_those_of_regularizers_are_added() -> None:
    text = totalled(f"loss = {ERROR}\ntotal = tf.losses.get_total_loss()", REGULARIZER)
    assert "return loss + sum(self.losses)" in loss_of(text)
    text = totalled(f"loss = {ERROR}\ntotal = tf.losses.get_total_loss(add_regularization_losses=False)", REGULARIZER)
    assert "sum(self.losses)" not in loss_of(text)


def test_every_loss_before_it_counts_and_none_after() -> None:
    first, second = f"first = {ERROR}", "second = tf.losses.absolute_difference(labels, logits)"
    assert "return first + second" in loss_of(totalled(f"{first}\n{second}\ntotal = tf.losses.get_total_loss()"))
    assert "second" not in loss_of(totalled(f"{first}\ntotal = tf.losses.get_total_loss()\n{second}"))


@pytest.mark.parametrize(
    "statements",
    [
        f"loss = {ERROR}\nloss = loss * 2.0\ntotal = tf.losses.get_total_loss()",
        f"{ERROR}\nlogits = logits * 2.0\ntotal = tf.losses.get_total_loss()",
        f'if params["some"]:\n    {ERROR}\ntotal = tf.losses.get_total_loss()',
        f"for _ in range(2):\n    {ERROR}\ntotal = tf.losses.get_total_loss()",
        f'{ERROR[:-1]}, loss_collection="mine")\ntotal = tf.losses.get_total_loss()',
        f"scaled = 2.0 * {ERROR}\ntotal = tf.losses.get_total_loss()",
        f"def more():\n    return {ERROR}\nmore()\ntotal = tf.losses.get_total_loss()",
        'total = tf.losses.get_total_loss(scope="some")\n' + ERROR,
    ],
)
def test_losses_that_are_collected_in_another_way_refuse(statements: str) -> None:
    assert {rule for rule, _ in refused(totalled(statements))} <= {"total-loss", "overwritten"}
