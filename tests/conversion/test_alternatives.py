"""A train_op made in the branches of a condition: the condition chooses the optimizer, or when it clips."""

from __future__ import annotations

import pytest

from .small import converted, line_of, program, refused

HEAD = """
def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 4)
    NORM
    logits = tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    step = tf.train.get_global_step()
"""
SPEC = "    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)\n"
NORM = "net = tf.layers.batch_normalization(net, training=mode == tf.estimator.ModeKeys.TRAIN)"


def training(statements: str, norm: str = "pass") -> str:
    """A program that makes its train_op by these statements."""
    lines = "".join(f"    {line}\n" if line else "\n" for line in statements.strip("\n").split("\n"))
    return program(model_fn=HEAD.replace("NORM", norm) + lines + SPEC)


TWO_OPTIMIZERS = """
# Adam unless told otherwise
if params["plain"]:
    train_op = tf.train.GradientDescentOptimizer(params["rate"]).minimize(loss, step)
else:
    train_op = tf.train.AdamOptimizer(params["rate"]).minimize(loss, step)
"""
NAMED_IN_BRANCHES = """
if params["plain"]:
    optimizer = tf.train.GradientDescentOptimizer(params["rate"])
    train_op = optimizer.minimize(loss, step)
else:
    optimizer = tf.train.AdamOptimizer(params["rate"])
    train_op = optimizer.minimize(loss, step)
"""


@pytest.mark.parametrize("statements", [TWO_OPTIMIZERS, NAMED_IN_BRANCHES])
def test_the_condition_chooses_the_optimizer(statements: str) -> None:
    after = converted(training(statements))["train.py"]
    assert '    if params["plain"]:\n        optimizer = keras.optimizers.SGD(params["rate"])\n    else:\n' in after
    assert '        optimizer = keras.optimizers.Adam(params["rate"], epsilon=1e-08)\n' in after
    assert "model.compile(optimizer=optimizer)" in after


CLIPPED_IN_ONE = """
optimizer = tf.train.AdamOptimizer(0.01)
if params["norm"]:
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    gradients, _ = tf.clip_by_global_norm(gradients, params["norm"])
    train_op = optimizer.apply_gradients(zip(gradients, variables), step)
else:
    train_op = optimizer.minimize(loss, step)
"""


def test_clipping_in_one_branch_is_clipping_under_its_condition() -> None:
    after = " ".join(converted(training(CLIPPED_IN_ONE))["train.py"].split())
    assert 'global_clipnorm=params["norm"] if params["norm"] else None' in after


UPDATES_IN_ONE = """
optimizer = tf.train.AdamOptimizer(0.01)
if params["norm"]:
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss, step)
else:
    train_op = optimizer.minimize(loss, step)
"""
UNDER_THE_SAME = f'if params["norm"]:\n        {NORM}'


def test_updates_run_where_batch_norm_is_made() -> None:
    after = converted(training(UPDATES_IN_ONE, UNDER_THE_SAME))["train.py"]
    assert "optimizer=keras.optimizers.Adam(0.01, epsilon=1e-08)" in after
    assert "momentum=1.0" not in after


@pytest.mark.parametrize(
    "norm", [NORM, f'if params["normal"]:\n        {NORM}', f'if not params["norm"]:\n        {NORM}']
)
def test_updates_that_some_runs_leave_out_refuse(norm: str) -> None:
    text = training(UPDATES_IN_ONE, norm)
    assert refused(text) == {("update-ops", line_of(text, "optimizer = tf.train") + 1)}


OTHER_LOSS = """
optimizer = tf.train.AdamOptimizer(0.01)
if params["norm"]:
    loss = loss * 2.0
    train_op = optimizer.minimize(loss, step)
else:
    train_op = optimizer.minimize(loss, step)
"""
ON_A_TENSOR = """
optimizer = tf.train.AdamOptimizer(0.01)
if tf.reduce_any(loss > 1.0):
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, step)
else:
    train_op = optimizer.minimize(loss, step)
"""
TWO_AMOUNTS = """
optimizer = tf.train.AdamOptimizer(0.01)
pairs = optimizer.compute_gradients(loss)
if params["hard"]:
    train_op = optimizer.apply_gradients([(tf.clip_by_norm(g, 1.0), v) for g, v in pairs], step)
else:
    train_op = optimizer.apply_gradients([(tf.clip_by_norm(g, 5.0), v) for g, v in pairs], step)
"""
COUNTED_IN_ONE = """
optimizer = tf.train.AdamOptimizer(0.01)
if params["norm"]:
    train_op = optimizer.minimize(loss)
else:
    train_op = optimizer.minimize(loss, step)
"""
OVERWRITTEN = """
optimizer = tf.train.AdamOptimizer(0.01)
train_op = optimizer.minimize(loss, step)
if params["more"]:
    train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, step)
"""
BOUND_AFTER = """
optimizer = tf.train.AdamOptimizer(0.01)
if params["norm"]:
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    kept = optimizer.minimize(loss, step)
    optimizer = tf.train.AdamOptimizer(0.1)
else:
    kept = optimizer.minimize(loss, step)
train_op = kept
"""


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (OTHER_LOSS, "train-op"),
        (ON_A_TENSOR, "train-op"),
        (COUNTED_IN_ONE, "train-op"),
        (OVERWRITTEN, "train-op"),
        (TWO_AMOUNTS, "gradients"),
    ],
)
def test_branches_that_differ_in_more_refuse(statements: str, rule: str) -> None:
    found = refused(training(statements))
    assert {name for name, _ in found} == {rule}


def test_a_name_that_is_bound_anew_after_the_minimisation_is_not_taken_for_its_optimizer() -> None:
    after = converted(training(BOUND_AFTER))["train.py"]
    assert "        optimizer = keras.optimizers.SGD(0.1)\n        optimizer_2 = optimizer\n" in after
    assert "model.compile(optimizer=optimizer_2)" in after
    assert "Adam(0.1" not in after
