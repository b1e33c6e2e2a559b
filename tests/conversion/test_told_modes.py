"""What networks are told about the mode: by constants, through objects, and where each mode calls them itself."""

from __future__ import annotations

import pytest

from .small import HEAD, converted, program, refused

BY_CONSTANTS = """
def net(x, training, units=5):
    x = tf.layers.dense(x, units)
    if training:
        x = x * 1.5
    x = tf.layers.dropout(x, 0.4, training=training)
    return tf.layers.dense(x, 1)


def model_fn(features, labels, mode):
    if mode == tf.estimator.ModeKeys.PREDICT:
        logits = net(features["x"], training=False)
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    if mode == tf.estimator.ModeKeys.TRAIN:
        logits = net(features["x"], training=True)
        loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
    logits = net(features["x"], training=False)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    return tf.estimator.EstimatorSpec(mode, loss=loss)
"""
OBJECT = f"""import os
{HEAD}

DROP = float(os.environ.get("DROP", "0.5"))


class Net(object):
    def __init__(self, units, drop, is_training):
        self.units = units
        self.drop = drop
        self.keep = 1 - drop if is_training else 1.0

    def build(self, x):
        return tf.nn.dropout(tf.layers.dense(x, self.units), self.keep)
"""
IN_OBJECT = """
def model_fn(features, labels, mode):
    logits = Net(1, DROP, mode == tf.estimator.ModeKeys.TRAIN).build(features["x"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def after(model_fn: str, head: str = HEAD) -> str:
    return converted(program(model_fn=model_fn, head=head))["train.py"]


def test_a_network_that_each_mode_calls_for_itself_is_one_call() -> None:
    text = after(BY_CONSTANTS)
    assert (
        """
    def call(self, features, training=None):
        return self.net(features["x"], training=training)
"""
        in text
    )
    assert (
        """
        if training:
            x = x * 1.5
        x = self.dropout(x, training=training)
"""
        in text
    )


def test_constants_that_do_not_follow_the_mode_are_no_mode() -> None:
    always = BY_CONSTANTS.replace("training=False", "training=True")
    assert "self.dropout(x, training=self.training)" in after(always)


def test_the_networks_of_the_modes_must_be_made_alike() -> None:
    wider = BY_CONSTANTS.replace("training=True)", "training=True, units=6)")
    assert {rule for rule, _ in refused(program(model_fn=wider))} == {"mode-layers"}


def test_what_an_object_was_given_for_the_mode_is_computed_when_it_is_called() -> None:
    text = after(IN_OBJECT, OBJECT)
    assert "tf.nn.dropout(self.dense(x), 1 - (1 - self.drop if training else 1.0))" in text
    known = after(IN_OBJECT.replace("DROP", "0.5"), OBJECT)
    assert "1 - (0.5 if training else 1.0)" in known


def test_an_object_that_forgets_what_the_mode_chose_is_refused() -> None:
    text = program(model_fn=IN_OBJECT, head=OBJECT.replace("        self.drop = drop\n", ""))
    assert {rule for rule, _ in refused(text)} == {"mode-value"}


# ------------------------------------------------------------------------------------------- rates that follow the mode
DROPPED = """
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    rate = 0.4 if training else 0.0
    net = tf.layers.dense(features["x"], 4)
    net = DROPOUT
    logits = tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


@pytest.mark.parametrize(
    ("legacy", "made"),
    [
        ("tf.layers.dropout(net, rate, training=training)", "Dropout(0.4)"),
        ("tf.layers.dropout(net, rate=0.4 if training else 0.1, training=training)", "Dropout(rate=0.4)"),
        ("tf.layers.dropout(net, rate=rate, training=True)", "Dropout(rate=0.4)"),
        ("tf.contrib.layers.dropout(net, keep_prob=0.6 if training else 1.0)", "Dropout(rate=0.4)"),
    ],
)
def test_a_rate_that_drops_nothing_outside_of_training_is_that_of_training(legacy: str, made: str) -> None:
    text = after(DROPPED.replace("DROPOUT", legacy))
    assert f"keras.layers.{made}" in text
    assert "self.dropout(net, training=training)" in text


def test_a_rate_that_drops_in_every_mode_but_not_alike_is_refused() -> None:
    lines = DROPPED.replace("DROPOUT", "tf.contrib.layers.dropout(net, keep_prob=0.6 if training else 0.9)")
    assert {rule for rule, _ in refused(program(model_fn=lines))} == {"mode-at-construction"}


# ------------------------------------------------------------------------------------------------ formats of images
IMAGES = """
def model_fn(features, labels, mode, params):
    form = params["form"] or ("channels_first" if tf.test.is_built_with_cuda() else "channels_last")
    net = tf.reshape(features["x"], [-1, 1, 3, 1])
    net = tf.layers.conv2d(net, 2, 1, data_format=form)
    net = tf.layers.batch_normalization(net, axis=1 if form == "channels_first" else 3, training=True, fused=True)
    net = tf.layers.max_pooling2d(net, 1, 1, data_format=form)
    logits = tf.layers.dense(tf.layers.flatten(net), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def formatted(form: str) -> str:
    """A program whose images have one format; None: the one that the machine likes."""
    return program(model_fn=IMAGES).replace("Estimator(model_fn)", f"Estimator(model_fn, params={{'form': {form}}})")


@pytest.mark.parametrize("form", ["None", "'channels_first'"])
def test_the_format_of_images_is_handed_on_as_it_was_computed(form: str) -> None:
    text = converted(formatted(form))["train.py"]
    assert "tf.test.is_built_with_cuda()" in text
    assert "keras.layers.Conv2D(2, 1, data_format=form)" in text
    assert 'axis=1 if form == "channels_first" else 3' in text


# ---------------------------------------------------------------------------------------------- schedules of the step
DECAYED = """
def decay(values):
    def learning_rate_fn(global_step):
        global_step = tf.cast(global_step, tf.int32)
        return tf.train.piecewise_constant(global_step, [3, 6], values)

    return learning_rate_fn


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    rate = decay([0.1, 0.01, 0.001])(tf.train.get_global_step())
    train_op = tf.train.MomentumOptimizer(rate, 0.9).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_a_function_of_the_step_that_returns_a_schedule_reads_no_step() -> None:
    assert """
    def learning_rate_fn():
        return keras.optimizers.schedules.PiecewiseConstantDecay([3, 6], values)
""" in after(DECAYED)


def test_a_step_that_is_read_beside_the_schedule_is_refused() -> None:
    text = program(
        model_fn=DECAYED.replace("        return tf.train.p", "        print(global_step)\n        return tf.train.p")
    )
    assert {rule for rule, _ in refused(text)} == {"schedule-step"}
