"""Constructors that go on in methods: `self.build()` at their end, and methods that read the tensors they keep."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

BUILT = """
class Net(object):
    def __init__(self, x, width, training):
        self.x = x
        self.width = width
        self.training = training
        self.build()
        self.finish(width)

    # a comment about the method

    def build(self):
        # the network
        h = tf.layers.dense(self.x, self.width)
        self.hidden = tf.layers.dropout(h, 0.3, training=self.training)

    def finish(self, width):
        wide = tf.layers.dense(self.hidden, width + 1)
        self.logits = tf.layers.dense(wide, 1)


def model_fn(features, labels, mode):
    logits = Net(features["x"], 4, mode == tf.estimator.ModeKeys.TRAIN).logits
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_the_methods_are_part_of_the_layer() -> None:
    text = converted(program(model_fn=BUILT))["train.py"]
    assert "    def call(self, x, training=None):\n        # the network\n        h = self.dense(x)\n" in text
    assert "        hidden = self.dropout(h, training=training)\n" in text
    assert "        wide = self.wide(hidden)\n" in text
    assert "def build(self)" not in text
    assert "a comment about the method" not in text


REFUSED = {
    "a method that is called again": (".logits\n    if mode", ".logits\n    Net.build(None)\n    if mode"),
    "a method that returns something": (
        "        self.logits = tf",
        "        if not width:\n            return\n        self.logits = tf",
    ),
    "a method that is given something else": ("self.finish(width)", "self.finish(width + 1)"),
    "statements after it": ("        self.finish(width)\n", "        self.finish(width)\n        self.width = 2\n"),
    "a method of the file's name": ("width + 1)", "width + training)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_simply_the_rest_of_the_constructor_refuses(name: str) -> None:
    before, after = REFUSED[name]
    assert before in BUILT
    assert refused(program(model_fn="training = 1\n" + BUILT.replace(before, after)))


KEPT = """
class Net(object):
    def __init__(self, x, width, training):
        self.x = x
        self.width = width
        self.training = training
        self.mask = tf.cast(x > 6.0, tf.float32)
        self.sizes = []
        self.sizes.append(width + 1)
        self.hidden = self.encode()
        self.x = self.x * 0.5
        self.logits = self.decode(self.hidden, self.sizes[0])

    def encode(self):
        return self.inner(tf.layers.dense(self.x * self.mask, self.width))

    def inner(self, h):
        h = tf.layers.dropout(h, 0.3, training=self.training)
        return h * tf.layers.dense(self.mask, self.width)

    def decode(self, h, n):
        return tf.layers.dense(tf.layers.dense(tf.concat([h, self.x], 1), n), 1)
""" + BUILT.partition("        self.logits = tf.layers.dense(wide, 1)\n")[2]


def test_a_method_gets_the_tensors_that_it_reads_of_its_object() -> None:
    text = converted(program(model_fn=KEPT))["train.py"]
    assert "    def call(self, mask=None, x=None, training=None):\n" in text
    assert "        return self.inner(self.dense(x * mask), mask=mask, training=training)\n" in text
    assert "        hidden = self.encode(mask=mask, x=self_x, training=training)\n" in text
    assert "        self_x = self_x * 0.5\n        logits = self.decode(hidden, x=self_x)\n" in text


def test_what_a_constructor_appends_on_its_object_is_there_when_layers_are_made() -> None:
    text = converted(program(model_fn=KEPT))["train.py"]
    assert "        sizes = []\n        sizes.append(width + 1)\n" in text


def test_a_tensor_that_another_method_keeps_refuses() -> None:
    note = "    def note(self):\n        self.mask = tf.cast(self.x > 3.0, tf.float32)\n\n    def encode(self):"
    text = KEPT.replace("        self.mask = tf.cast(x > 6.0, tf.float32)\n", "        self.note()\n")
    assert refused(program(model_fn=text.replace("    def encode(self):", note)))


def test_an_object_that_keeps_tensors_for_the_method_it_is_used_through_refuses() -> None:
    text = KEPT.replace("        self.logits = self.decode(self.hidden, self.sizes[0])\n", "")
    text = text.replace("TRAIN).logits", 'TRAIN).decode(features["x"], 2)')
    assert refused(program(model_fn=text))
