"""Learning rates computed from the step by hand, and optimizer classes of the program's own."""

from __future__ import annotations

import textwrap

import pytest

from .small import HEAD, converted, line_of, program, refused

RATE = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    global_step = tf.train.get_or_create_global_step()
    # The rate rises ...
    rise = tf.minimum(tf.cast(global_step, tf.float32) / 5.0, 1.0)
    # ... and falls.
    rate = rise * tf.train.exponential_decay(params["rate"], global_step, 4, 0.9)
    tf.summary.scalar("rate", rate)
    train_op = tf.train.AdamOptimizer(rate).minimize(loss, global_step)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
OWN = """
class FadingMoments(tf.train.Optimizer):
    \"\"\"Steps by the second moment; weights fade, biases do not.\"\"\"

    def __init__(self, learning_rate, fading=0.0, exclude=None, name="FadingMoments"):
        super(FadingMoments, self).__init__(False, name)
        self.learning_rate = learning_rate
        self.fading = fading
        self.exclude = exclude

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        assignments = []
        for (grad, param) in grads_and_vars:
            if grad is None or param is None:
                continue
            moment = tf.get_variable(
                name=param.name.split(":")[0] + "/moment",
                shape=param.shape.as_list(),
                dtype=tf.float32,
                trainable=False,
                initializer=tf.zeros_initializer())

            # The second moment.
            next_moment = tf.multiply(0.9, moment) + tf.multiply(0.1, tf.square(grad))
            update = grad / (tf.sqrt(next_moment) + 1e-6)
            if self._fades(param.name):
                update += self.fading * param
            assignments.extend([
                param.assign(param - self.learning_rate * update),
                moment.assign(next_moment)])
        return tf.group(*assignments, name=name)

    def _fades(self, name):
        return not any(part in name for part in self.exclude or [])


def model_fn(features, labels, mode):
    with tf.variable_scope("net"):
        hidden = tf.layers.dense(features["x"], 4, activation=tf.nn.relu)
    logits = tf.layers.dense(hidden, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    global_step = tf.train.get_or_create_global_step()
    optimizer = FadingMoments(0.01, fading=0.1, exclude=["bias"])
    tvars = tf.trainable_variables()
    grads, _ = tf.clip_by_global_norm(tf.gradients(loss, tvars), 1.0)
    train_op = optimizer.apply_gradients(zip(grads, tvars), global_step=global_step)
    new_step = global_step + 1
    train_op = tf.group(train_op, [global_step.assign(new_step)])
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def rated(fn: str = RATE) -> str:
    return program(model_fn=fn).replace("Estimator(model_fn)", 'Estimator(model_fn, params={"rate": 0.1})')


def test_a_rate_computed_from_the_step_becomes_a_function_of_it() -> None:
    text = converted(rated())["train.py"]
    assert (
        """
    def rate_at(global_step):
        # The rate rises ...
        rise = tf.minimum(tf.cast(global_step, tf.float32) / 5.0, 1.0)
        # ... and falls.
        rate = rise * keras.optimizers.schedules.ExponentialDecay(
            params["rate"], decay_steps=4, decay_rate=0.9
        )(global_step)
        return rate
"""
        in text
    )
    assert "keras.optimizers.Adam(StepSchedule(rate_at), epsilon=1e-08)" in text


def test_a_rate_computed_from_the_data_refuses() -> None:
    text = rated(RATE.replace("tf.cast(global_step, tf.float32)", "tf.reduce_max(features['x'])"))
    assert {rule for rule, _ in refused(text)} == {"hand-written-schedule"}


def test_a_parameter_that_the_rate_replaces_is_handed_on() -> None:
    helper = """
    def make_train_op(loss, rate):
        step = tf.train.get_or_create_global_step()
        rate = rate / (1.0 + tf.cast(step, tf.float32))
        return tf.train.GradientDescentOptimizer(rate).minimize(loss, step)
    """
    start = RATE.index("    global_step =")
    end = RATE.index("    return tf.estimator.EstimatorSpec(mode, loss")
    fn = f'{RATE[:start]}    train_op = make_train_op(loss, params["rate"])\n{RATE[end:]}'
    text = converted(rated(textwrap.dedent(helper).strip() + "\n\n" + fn))["train.py"]
    assert (
        """
    def rate_at(step, rate=rate):
        rate = rate / (1.0 + tf.cast(step, tf.float32))
        return rate
"""
        in text
    )


def test_an_optimizer_class_makes_its_step_for_one_variable() -> None:
    text = converted(program(model_fn=OWN, head=HEAD))["train.py"]
    assert (
        """
class FadingMoments(NamingOptimizer):
    \"\"\"Steps by the second moment; weights fade, biases do not.\"\"\"

    def __init__(self, learning_rate, fading=0.0, exclude=None, name="FadingMoments", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.fading = fading
        self.exclude = exclude

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.moment = [self.add_variable_from_reference(v, 'moment') for v in variables]

    def update_step(self, grad, param, learning_rate):
        moment = self.moment[self._get_variable_index(param)]

        # The second moment.
"""
        in text
    )
    assert "            update += self.fading * param\n" in text
    steps = ("self.assign(param, param - learning_rate * update)", "self.assign(moment, next_moment)")
    assert "".join(f"        {step}\n" for step in steps) in text
    assert 'FadingMoments(0.01, fading=0.1, exclude=["bias"], global_clipnorm=1.0)' in text
    assert "optimizer.name_of = legacy_name_of(model)" in text


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("            update = grad", "            break\n            update = grad", "if self._fades"),
        ("self.fading = fading", "self.weight_decay = fading", "self.weight_decay"),
        ("    def _fades", "    def _apply_dense", "class FadingMoments"),
        ("return tf.group(*assignments, name=name)", "return tf.no_op()", "tf.no_op"),
        ("initializer=tf.zeros_initializer()", "initializer=tf.ones_initializer()", "moment = tf.get_variable"),
    ],
)
def test_a_step_that_cannot_be_followed_refuses(old: str, new: str, at: str) -> None:
    text = program(model_fn=OWN.replace(old, new).replace("self.fading * param", "0.1 * param"))
    assert {rule for rule, _ in refused(text)} == {"optimizer-class"}
    assert line_of(text, at)
