"""Methods of an object whose constructor builds the network, that compute more from it, become methods of the layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import converted, line_of, program, refused
from .test_object_proofs import read_out
from .test_spec_proofs import prove

NET = """
class Net(object):
    def __init__(self, x, width, rate, is_training, scale=2.0):
        self.scale = scale
        self.rate = rate if is_training else 0.0
        self.size = x.shape.as_list()[1]
        if width > 2:
            self.source = x * 2.0
        else:
            self.source = x
        h = tf.layers.dense(x, width, activation=tf.nn.relu)
        self.hidden = tf.layers.dropout(h, rate, training=is_training)
        self._logits = tf.layers.dense(self.hidden, 1)

    @property
    def positive(self):
        return tf.nn.relu(self._logits) * self.scale

    def loss(self, labels, weight=1.0):
        \"\"\"The squared error, and a penalty.\"\"\"
        tf.summary.scalar("weight", weight)
        wrong = tf.squeeze(self._logits, axis=1) - labels  # signed
        # half of it
        return tf.reduce_mean(tf.square(wrong)) * weight + self._penalty(self._share(0.5))

    def _penalty(self, share):
        return share * tf.reduce_mean(tf.reduce_sum(self.hidden, axis=1)) / self.size

    def _share(self, share):
        return share * tf.reduce_mean(self.source)

    def call(self):
        return self._logits


def model_fn(features, labels, mode, params):
    net = Net(features["x"], params["n"], 0.5, mode == tf.estimator.ModeKeys.TRAIN)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": net.call(), "p": net.positive})
    loss = net.loss(labels, weight=0.5)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
OTHER = "    other = Net(features['x'], 3, 0.1, False)\n"
PREDICT = "    if mode == tf.estimator.ModeKeys.PREDICT:\n"


def made(text: str = NET) -> str:
    """A program around the object."""
    return program(model_fn=text).replace("Estimator(model_fn)", 'Estimator(model_fn, params={"n": 2})')


def test_a_method_takes_what_the_call_gave() -> None:
    text = converted(made())["train.py"]
    assert "    def loss(self, outputs, labels, weight=1.0):\n" in text
    assert "wrong = tf.squeeze(outputs['_logits'], axis=1) - labels  # signed" in text
    assert "        net = y_pred\n        return self.net.loss(net, labels, weight=0.5)\n" in text


def test_a_property_is_called() -> None:
    text = converted(made())["train.py"]
    assert "    def positive(self, outputs):\n        return tf.nn.relu(outputs['_logits']) * self.scale\n" in text
    assert '"p": self.net.positive(net)' in text


def test_methods_call_each_other() -> None:
    text = converted(made())["train.py"]
    assert "* weight + self.penalty(\n            outputs, self.share(outputs, 0.5)\n" in text


def test_the_layer_keeps_what_its_methods_read_and_no_more() -> None:
    text = converted(made())["train.py"]
    assert "        self.scale = scale\n" in text
    assert "self.rate = rate" not in text
    assert "'size': size" in text  # known when the layer is called


def test_what_a_method_wrote_as_a_summary_goes() -> None:
    assert "summary" not in converted(made())["train.py"].replace("estimator_semantics", "")


def test_a_name_that_keras_has_itself_is_not_taken() -> None:
    text = NET.replace("return self._logits", "return self._logits * 1.0")
    assert "self.net.compute_call(net)" in converted(made(text))["train.py"]


KNOWN = NET.replace(PREDICT, "    more = tf.layers.dense(net.hidden, net.width + 1)\n" + PREDICT).replace(
    '"p": net.positive', '"p": net.positive * net.scale, "q": more'
)
KNOWN = KNOWN.replace("        self.scale = scale\n", "        self.scale = scale\n        self.width = width\n")


def test_what_is_known_at_construction_is_read_of_the_layer() -> None:
    text = converted(made(KNOWN))["train.py"]
    assert "self.more = keras.layers.Dense(self.net.width + 1)" in text
    assert "self.net.positive(net) * self.net.scale" in text


def test_the_optimizer_cannot_read_it() -> None:
    text = KNOWN.replace("AdamOptimizer(0.01)", "AdamOptimizer(0.01 * net.scale)")
    assert {rule for rule, _ in refused(made(text))} == {"undefined-name"}


def test_each_of_two_objects_has_its_own_layer() -> None:
    text = NET.replace(PREDICT, OTHER + PREDICT).replace(
        "net.loss(labels, weight=0.5)", "net.loss(labels) + other.loss(labels)"
    )
    found = converted(made(text))["train.py"]
    assert "return self.net.loss(net, labels) + self.net_2.loss(other, labels)" in found


USES = {
    "a method that sets an attribute": (
        "        wrong = ",
        "        self.scale = 3.0\n        wrong = ",
        "object-state",
    ),
    "a method that reads what the mode sets": ("* self.scale", "* self.rate", "owning-init"),
    "a method that reads what is set twice": (
        "        self.scale = scale\n",
        "        self.scale = scale\n        if width > 1:\n            self.scale = 3.0\n",
        "owning-init",
    ),
    "a method that reads a list which grows": (
        "        self.scale = scale\n",
        "        self.scale = [scale]\n        self.scale.append(width)\n",
        "owning-init",
    ),
    "a method that reads what the class has": (
        "* self.scale",
        "* self.FACTOR",
        "owning-init",
    ),
    "a method of the class alone": (
        "    def _share(self, share)",
        "    @staticmethod\n    def _share(share)",
        "owning-init",
    ),
    "a method that is replaced": (PREDICT, "    net.loss = net._penalty\n" + PREDICT, "owning-init"),
    "an attribute that is replaced": (PREDICT, "    net._logits = net.hidden\n" + PREDICT, "owning-init"),
    "one of two objects": (PREDICT, OTHER + "    net = net if params['n'] > 1 else other\n" + PREDICT, "owning-init"),
    "a method that is kept": ("net.loss(labels, weight=0.5)", "(lambda f: f(labels))(net.loss)", "owning-init"),
    "a look-up by name": ("net.positive", "getattr(net, '_logits')", "object-passed"),
    "all attributes": ("net.positive", "net.__dict__['_logits']", "owning-init"),
}


@pytest.mark.parametrize("name", USES)
def test_what_cannot_be_followed_refuses(name: str) -> None:
    before, after, rule = USES[name]
    assert before in NET
    text = NET.replace("    def __init__", "    FACTOR = 3.0\n\n    def __init__", 1).replace(before, after)
    assert rule in {found for found, _ in refused(made(text))}


def test_the_object_that_its_own_method_passes_on_refuses() -> None:
    helper = "def of(net):\n    return tf.reduce_mean(net.hidden)\n\n\n"
    text = made(helper + NET.replace("self._share(0.5)", "of(self)").lstrip())
    assert refused(text) == {("object-passed", line_of(text, "def of(net)"))}


def test_a_method_that_makes_layers_refuses() -> None:
    text = NET.replace("return share * tf.reduce_mean(self.source)", "return tf.layers.dense(self.source, 1) * share")
    assert refused(made(text))


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_the_methods_compute_the_same(runtime: str, tmp_path: Path) -> None:
    assert {"gradients", "training", "predictions"} <= prove(read_out(made(KNOWN)), runtime, tmp_path)
