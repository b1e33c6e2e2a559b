"""Classes of networks that derive from what takes no part in them: `abc.ABC`, and a layer class that they replace."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import converted, program, refused
from .test_spec_proofs import prove

MODEL = """
class Features(BASE):
    def __init__(self, units):
        START
        self.units = units

    def __call__(self, x, training):
        h = tf.layers.dense(x, self.units, activation=tf.nn.relu)
        h = tf.layers.dropout(h, 0.4, training=training)
        return tf.layers.dense(h, 2)


class Net(object):
    def __init__(self):
        self.features = Features(4)

    def __call__(self, x, training):
        return tf.layers.dense(self.features(x, training), 1)


def model_fn(features, labels, mode):
    logits = Net()(features["x"], mode == tf.estimator.ModeKeys.TRAIN)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
BUILT = """
class Net(abc.ABC):
    def __init__(self, x):
        self.logits = tf.layers.dense(tf.layers.dense(x, 3), 1)


def model_fn(features, labels, mode):
    logits = Net(features["x"]).logits
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
HEAD = "import abc\n\nimport numpy as np\nimport tensorflow as tf\n"


def derived(base: str, start: str = "pass") -> str:
    """A program whose network is made by a class that derives from another."""
    return program(model_fn=MODEL.replace("BASE", base).replace("START", start), head=HEAD)


ALWAYS_TRAINS = (
    derived("tf.layers.Layer")
    .replace("x, training):\n        return", 'x, mode="train"):\n        return')
    .replace("self.features(x, training)", "self.features(x, mode)")
    .replace("training=training)", 'training=training == "train")')
    .replace('Net()(features["x"], mode == tf.estimator.ModeKeys.TRAIN)', 'Net()(features["x"])')
)
DERIVED = [
    derived("abc.ABC"),
    derived("tf.layers.Layer"),
    derived("tf.layers.Layer", 'super(Features, self).__init__(name="features")'),
]


@pytest.mark.parametrize("text", DERIVED)
def test_a_class_that_uses_nothing_of_its_base_becomes_a_layer(text: str) -> None:
    after = converted(text)["train.py"]
    assert "class Features(keras.layers.Layer):\n    def __init__(self, units, **kwargs):" in after
    assert "abc." not in after and "tf.layers" not in after


def test_a_text_goes_to_a_layer_by_its_name() -> None:
    assert "self.features(x, training=mode)" in converted(ALWAYS_TRAINS)["train.py"]


def test_an_object_that_builds_the_network_may_derive_from_abc() -> None:
    assert "class Net(keras.layers.Layer):" in converted(program(model_fn=BUILT, head=HEAD))["train.py"]


@pytest.mark.parametrize(
    "text",
    [
        derived("tf.layers.Layer", "super().__init__()").replace("x, self.units", "x, self.units, name=self.name"),
        derived("tf.layers.Layer", "super().__init__()").replace(
            "return tf.layers.dense(h, 2)", "return super().call(h)"
        ),
        derived("tf.layers.Layer").replace("def __call__(self, x, training)", "def call(self, x, training)"),
        derived("tf.layers.Dense", "super().__init__(3)"),
    ],
)
def test_one_that_uses_its_base_is_refused(text: str) -> None:
    assert refused(text)


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("text", [*DERIVED[1:], ALWAYS_TRAINS])
def test_the_network_is_the_same(text: str, runtime: str, tmp_path: Path) -> None:
    assert {"gradients", "training"} <= prove(text, runtime, tmp_path)
