"""What counts the steps: the global step alone; a schedule that is given anything else is a function of the step."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

MODEL = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    step = tf.train.get_global_step()
STATEMENTS
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


def trained(statements: str) -> str:
    """A program whose model_fn ends with these statements."""
    return program(model_fn=MODEL.replace("STATEMENTS", "\n".join(f"    {s}" for s in statements.strip().split("\n"))))


DECAYED = """
rate = tf.train.exponential_decay(0.1, COUNT, 1000, 0.5)
train_op = tf.train.GradientDescentOptimizer(rate).minimize(loss, step)
"""


@pytest.mark.parametrize("count", ["step", "tf.cast(step, tf.float32)", "tf.to_float(step)"])
def test_a_schedule_counts_the_steps_itself(count: str) -> None:
    after = " ".join(converted(trained(DECAYED.replace("COUNT", count)))["train.py"].split())
    assert "schedules.ExponentialDecay( 0.1, decay_steps=1000, decay_rate=0.5 )" in after
    assert "StepSchedule" not in after


@pytest.mark.parametrize(("count", "shown"), [("step * 64", "step * 64"), ("step + 1000", "step + 1000")])
def test_a_schedule_of_another_count_is_a_function_of_the_step(count: str, shown: str) -> None:
    after = " ".join(converted(trained(DECAYED.replace("COUNT", count)))["train.py"].split())
    assert "def rate_at(step):" in after
    assert f"decay_rate=0.5 )({shown})" in after
    assert "optimizer=keras.optimizers.SGD(StepSchedule(rate_at))" in after


OWN = "mine = tf.Variable(0, trainable=False)\n"


@pytest.mark.parametrize(
    ("statements", "rule"),
    [
        (OWN + "train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, mine)", "global-step"),
        (OWN + DECAYED.replace("COUNT", "mine"), "hand-written-schedule"),
        (DECAYED.replace("COUNT", "tf.cast(loss, tf.int64)"), "hand-written-schedule"),
        ("train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss, step, grad_loss=loss)", "gradients"),
        (
            "optimizer = tf.train.AdamOptimizer(0.1)\n"
            'head = tf.trainable_variables("dense")\n'
            "train_op = tf.group(optimizer.minimize(loss, step, head), optimizer.minimize(2.0 * loss, None, head))",
            "several-optimizers",
        ),
    ],
)
def test_other_counts_and_gradients_refuse(statements: str, rule: str) -> None:
    assert {name for name, _ in refused(trained(statements))} <= {rule, "undefined-name"}


TWO = """
def model_fn(features, labels, mode):
    with tf.variable_scope("wide"):
        wide = tf.layers.dense(features["x"], 1, name="wide")
    with tf.variable_scope("deep"):
        hidden = tf.layers.dense(features["x"], 4, tf.nn.relu, name="hidden")
        deep = tf.layers.dense(hidden, 1, name="logits")
    logits = tf.squeeze(wide + deep, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=logits)
    loss = tf.losses.mean_squared_error(labels, logits)
    step = tf.train.get_global_step()
    wide_step = tf.train.WIDE.minimize(loss, step, tf.trainable_variables("wide/"))
    deep_step = tf.train.DEEP.minimize(loss, step, tf.trainable_variables("deep/"))
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=tf.group(wide_step, deep_step))
"""


def counted_twice(wide: str, deep: str) -> str:
    """A program in which two optimizers count each batch."""
    return program(model_fn=TWO.replace("WIDE", wide).replace("DEEP", deep))


def test_a_batch_that_two_minimisations_count_is_two_steps() -> None:
    after = converted(counted_twice("AdamOptimizer(0.01)", "GradientDescentOptimizer(0.1)"))["train.py"]
    assert "model.compile(\n        optimizer=keras.optimizers.SGD(0.1)" in after
    assert "self.optimizer.iterations.assign_add(1)  # a batch counts as 2 steps" in after
    assert "steps_per_epoch = -(-steps_per_epoch // 2)" in after
    assert ".fit(input_fn(), steps_per_epoch=8)" in after


@pytest.mark.parametrize(
    ("wide", "deep"),
    [
        ("AdamOptimizer(0.01)", "AdamOptimizer(0.01)"),
        ("AdagradOptimizer(0.1)", "MomentumOptimizer(tf.train.exponential_decay(0.1, step, 9, 0.5), 0.9)"),
        ("AdagradOptimizer(0.1)", "GradientDescentOptimizer(0.1 / tf.cast(step + 1, tf.float32))"),
    ],
)
def test_optimizers_that_work_with_the_number_of_steps_refuse(wide: str, deep: str) -> None:
    assert {rule for rule, _ in refused(counted_twice(wide, deep))} == {"global-step"}
