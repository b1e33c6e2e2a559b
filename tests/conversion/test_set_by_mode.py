"""A configuration whose rates a branch on the mode sets: layers are made from it as it is, calls are told anew."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

CONFIGURED = """
class Config(object):
    def __init__(self, width=4, rate=0.5, scale=2.0):
        self.width = width
        self.rate = rate
        self.scale = scale

    @classmethod
    def from_dict(cls, values):
        config = cls()
        for key, value in values.items():
            config.__dict__[key] = value
        return config


def drop(x, rate):
    if rate is None or rate == 0.0:
        return x
    return tf.nn.dropout(x, 1.0 - rate)


def block(x, width, rate=0.1):
    h = tf.layers.dense(x, width, activation=tf.nn.relu)
    return drop(h, rate)


class Net(object):
    def __init__(self, config, training, x):
        config = copy.deepcopy(config)
        if not training:
            config.rate = 0.0
            config.scale = 1.0
        with tf.variable_scope("net"):
            h = block(x, config.width, config.rate)
            self.out = block(h, 3, rate=config.rate) * config.scale


def model_fn(features, labels, mode, params):
    net = Net(CONFIG, mode == tf.estimator.ModeKeys.TRAIN, features["x"])
    logits = tf.layers.dense(net.out, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


CONFIG = Config.from_dict({"width": 5, "rate": 0.3})
"""
HEAD = "import copy\nimport numpy as np\nimport tensorflow as tf\n"


def configured(text: str = CONFIGURED) -> str:
    """A program around a network that is made from a configuration."""
    return program(model_fn=text, head=HEAD).replace("Estimator(model_fn)", "Estimator(model_fn, params={})")


def test_layers_are_made_from_the_copy_and_the_mode_is_asked_where_the_rate_is_read() -> None:
    text = converted(configured())["train.py"]
    assert "        config = copy.deepcopy(config)\n        self.config = config\n" in text
    assert "self.block = Block(config.width)" in text
    assert "h = self.block(x, rate=self.config.rate if training else 0.0)" in text
    assert "self.block_2(h, rate=self.config.rate if training else 0.0) * (" in text
    assert "            self.config.scale if training else 1.0\n" in text


def test_a_number_that_follows_the_mode_is_told_with_each_call_of_a_layer() -> None:
    assert "    def call(self, x, rate=0.1):\n" in converted(configured())["train.py"]


def test_both_sides_of_a_branch_may_set_it() -> None:
    both = CONFIGURED.replace("            config.scale = 1.0\n", "        else:\n            config.rate = 0.2\n")
    assert "rate=0.2 if training else 0.0" in converted(configured(both))["train.py"]


READERS = """

def scale_of(config):
    return config.scale


def reader_of(config):
    return lambda: config.scale
"""
REFUSED = {
    "a layer is made from it": ("block(x, config.width, config.rate)", "block(x, int(config.scale) + 2)"),
    "a function reads it": ("* config.scale", "* scale_of(config)"),
    "a closure that a function makes reads it": ("* config.scale", "* reader_of(config)()"),
    "it is read by name": ("* config.scale", '* getattr(config, "scale")'),
    "its attributes are read as a dictionary": ("* config.scale", '* config.__dict__["scale"]'),
    "the object is not a copy": ("        config = copy.deepcopy(config)\n", ""),
    "only some flag sets it": ("if not training:", "if not training and FLAG:"),
    "it is set to what only the run knows": ("config.scale = 1.0", "config.scale = OTHER.scale"),
    "another name changes it too": (
        "config = copy.deepcopy(config)\n",
        "config = copy.deepcopy(config)\n        other = config\n",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_the_mode_refuses(name: str) -> None:
    before, after = REFUSED[name]
    assert before in CONFIGURED
    text = CONFIGURED.replace(before, after) + "FLAG = CONFIG.width > 2\nOTHER = Config.from_dict({})\n"
    text = READERS + text
    found = {rule for rule, _ in refused(configured(text))}
    assert found <= {"mode-value", "mode-at-construction", "object-state", "entry-static"}
