"""Minimisations that another function makes: what it is given stands for its parameters, and the last value counts."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import HEAD, converted, program, refused

MODEL = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    step = tf.train.get_global_step()
    optimizer = tf.train.AdamOptimizer(params["rate"])
STATEMENTS
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


def ending(statements: str, helper: str = "") -> str:
    """A program whose model_fn ends with these statements, with a function before it."""
    lines = "\n".join(f"    {line}" for line in statements.strip("\n").split("\n"))
    return program(model_fn=MODEL.replace("STATEMENTS", lines), head=f"{HEAD}\n\n{helper.strip()}\n")


WITH_OPTIMIZER = """
def train(optimizer, value):
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return optimizer.minimize(value, tf.train.get_global_step())
"""
CLIPPING = """
def train(optimizer, value, norm):
    pairs = optimizer.compute_gradients(value)
    pairs = [(tf.clip_by_norm(g, norm), v) for g, v in pairs]
    return optimizer.apply_gradients(pairs, tf.train.get_global_step())
"""


def test_a_function_that_is_given_the_optimizer_goes() -> None:
    after = converted(ending("train_op = train(optimizer, loss)", WITH_OPTIMIZER))["train.py"]
    assert 'optimizer=keras.optimizers.Adam(params["rate"], epsilon=1e-08)' in after
    assert "def train(" not in after


def test_what_it_summarised_is_dropped_with_a_finding() -> None:
    helper = WITH_OPTIMIZER.replace("value):\n", "value):\n    tf.summary.scalar('loss', value)\n")
    ledger = convert({"train.py": ending("train_op = train(optimizer, loss)", helper)}).ledger
    assert "`tf.summary.scalar(...)` in `train` is dropped" in {f.message for f in ledger.findings}


def test_its_other_arguments_are_those_of_the_call() -> None:
    after = converted(ending('train_op = train(optimizer, loss, params["norm"])', CLIPPING))["train.py"]
    assert 'clipnorm=params["norm"]' in after


def test_what_is_minimised_is_what_it_was_given() -> None:
    nested = (
        "total = loss + 0.1 * tf.reduce_sum(tf.square(logits))\n"
        "def train(loss):\n    return optimizer.minimize(loss, step)\ntrain_op = train(total)"
    )
    after = converted(ending(nested))["train.py"]
    assert "if training:" in after and "return total" in after


CHANGED_INSIDE = """
def train(optimizer, value):
    value = value * 2.0
    return optimizer.minimize(value, tf.train.get_global_step())
"""


NOT_COUNTING = """
def train(value):
    return tf.train.AdamOptimizer(0.1).minimize(value)
"""


@pytest.mark.parametrize(
    ("statements", "helper"),
    [
        ("train_op = optimizer.minimize(loss, step)\nloss = loss * 10.0", ""),
        ("train_op = optimizer.minimize(loss, step)\noptimizer = tf.train.GradientDescentOptimizer(5.0)", ""),
        ("train_op = train(optimizer, loss)\nloss = loss * 10.0", WITH_OPTIMIZER),
        ("train_op = train(optimizer, loss)", CHANGED_INSIDE),
        ("train_op = tf.group(train(loss), train(loss * 2.0), tf.assign_add(step, 1))", NOT_COUNTING),
        ("make = lambda loss: optimizer.minimize(loss, step)\ntrain_op = make(loss * 2.0)", ""),
    ],
)
def test_a_value_that_is_another_one_at_the_end_refuses(statements: str, helper: str) -> None:
    assert {rule for rule, _ in refused(ending(statements, helper))} == {"train-op"}


def test_a_branch_beside_the_minimisation_does_not_change_what_it_reads() -> None:
    text = (
        'if params["plain"]:\n    train_op = optimizer.minimize(loss, step)\n'
        "else:\n    optimizer = tf.train.GradientDescentOptimizer(0.1)\n"
        "    train_op = optimizer.minimize(loss, step)"
    )
    after = converted(ending(text))["train.py"]
    assert '    if not (params["plain"]):\n        optimizer = keras.optimizers.SGD(0.1)\n' in after
