"""Custom getters of variable scopes: one that gives every variable as it is may go."""

from __future__ import annotations

import pathlib

import pytest

from migrator.convert import convert

from .small import converted, program, refused
from .test_proofs import prove

NETWORK = """
LOW = (tf.float16,)


class Network(object):
    def __init__(self, units):
        self.units = units

    def as_float32(self, getter, name, shape=None, dtype=tf.float32, *args, **kwargs):
        if dtype in LOW:
            variable = getter(name, shape, tf.float32, *args, **kwargs)
            return tf.cast(variable, dtype, name=name + "_cast")
        else:
            return getter(name, shape, dtype, *args, **kwargs)

    def scope(self):
        return tf.variable_scope("network", custom_getter=self.as_float32)

    def __call__(self, x):
        with self.scope():
            return tf.layers.dense(tf.layers.dense(x, self.units, activation=tf.nn.relu), 1)


def model_fn(features, labels, mode):
    logits = Network(4)(features["x"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_a_getter_that_changes_nothing_but_sixteen_bit_variables_goes() -> None:
    text = converted(program(model_fn=NETWORK))["train.py"]
    assert "class Network(keras.layers.Layer):" in text
    assert "as_float32" not in text and "scope" not in text


def test_what_it_did_for_sixteen_bits_is_told() -> None:
    conversion = convert({"train.py": program(model_fn=NETWORK)})
    assert "low-precision" in {f.rule for unit in conversion.ledger.units for f in unit.findings}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "            return getter(name, shape, dtype, *args",
            "            return 2 * getter(name, shape, dtype, *args",
        ),
        ("getter(name, shape, dtype, *args, **kwargs)", "getter('v_' + name, shape, dtype, *args, **kwargs)"),
        ("getter(name, shape, dtype, *args, **kwargs)", "getter(name, shape, dtype)"),
        ("LOW = (tf.float16,)", "LOW = (tf.float16, tf.float32)"),
        ("LOW = (tf.float16,)", "LOW = (tf.float16,)\nLOW = (tf.float32,)"),
        ("if dtype in LOW:", "if name in LOW:"),
    ],
)
def test_any_other_getter_refuses(before: str, after: str) -> None:
    assert before in NETWORK
    assert "scope-defaults" in {rule for rule, _ in refused(program(model_fn=NETWORK.replace(before, after)))}


@pytest.mark.runtime
def test_it_computes_the_same(tmp_path: pathlib.Path) -> None:
    prove(program(model_fn=NETWORK), "legacy", tmp_path)
