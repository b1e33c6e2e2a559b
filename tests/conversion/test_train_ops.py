"""train_ops that count the step beside the optimizer."""

from __future__ import annotations

from .small import converted, line_of, program, refused

LINEAR = """
def model_fn(features, labels, mode):
    W = tf.get_variable("W", [3], dtype=tf.float32)
    b = tf.get_variable("b", [1], dtype=tf.float32)
    y = tf.reduce_sum(features["x"] * W, axis=1) + b
    loss = tf.reduce_sum(tf.square(y - labels))
    global_step = tf.train.get_global_step()
    optimizer = tf.train.GradientDescentOptimizer(0.0001)
    train_op = tf.group(optimizer.minimize(loss), tf.assign_add(global_step, 1))
    return tf.estimator.EstimatorSpec(mode, predictions=y, loss=loss, train_op=train_op)
"""


def test_a_step_counted_by_hand_is_the_optimizers_own() -> None:
    after = converted(program(model_fn=LINEAR))["train.py"]
    assert "model.compile(optimizer=keras.optimizers.SGD(0.0001))" in after
    assert "assign_add" not in after


def test_a_model_of_nothing_but_variables_has_a_forward_pass() -> None:
    after = converted(program(model_fn=LINEAR))["train.py"]
    assert after.count("self.add_weight(") == 2
    assert 'return tf.reduce_sum(features["x"] * self.w, axis=1) + self.b' in after


def test_a_step_counted_twice_refuses() -> None:
    text = program(model_fn=LINEAR.replace("minimize(loss)", "minimize(loss, global_step)"))
    assert refused(text) == {("global-step", line_of(text, "tf.group"))}


def test_another_amount_than_one_is_no_count() -> None:
    text = program(model_fn=LINEAR.replace("global_step, 1", "global_step, 2"))
    assert refused(text) == {("train-op", line_of(text, "tf.group"))}
