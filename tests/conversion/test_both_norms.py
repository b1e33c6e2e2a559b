"""A batch norm made twice over one set of variables, of which `tf.cond` takes one by the mode."""

from __future__ import annotations

import pathlib

import pytest

from migrator.convert import convert

from .small import converted, program, refused
from .test_proofs import prove

PAIR = """
def normed(x, train_phase, name):
    trained = tf.layers.batch_normalization(x, training=True, momentum=0.9, name=name)
    tested = tf.layers.batch_normalization(x, training=False, momentum=0.9, name=name, reuse=True)
    return tf.cond(tf.cast(train_phase, tf.bool), lambda: trained, lambda: tested)


def model_fn(features, labels, mode):
    if mode == tf.estimator.ModeKeys.TRAIN:
        train_phase = True
    else:
        train_phase = False
    hidden = features["x"]
    for i in range(2):
        hidden = tf.layers.dense(hidden, 4)
        hidden = normed(hidden, train_phase=train_phase, name="norm_%d" % i)
    logits = tf.layers.dense(hidden, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
AT_ONCE = (
    PAIR.replace("tf.layers.batch_normalization", "tf.contrib.layers.batch_norm")
    .replace("training=True, momentum", "is_training=True, scale=True, updates_collections=None, decay")
    .replace("training=False, momentum", "is_training=False, scale=True, updates_collections=None, decay")
    .replace("name=name", "scope=name")
)


def test_it_is_one_layer_that_is_told_whether_it_trains() -> None:
    text = converted(program(model_fn=PAIR))["train.py"]
    assert "trained = self.trained(x, training=training)" in text or "return self.trained(x, training=training)" in text
    assert "tf.cond" not in text and "tested" not in text
    assert text.count("BatchNormalization(") == 1


def test_averages_that_followed_every_mode_are_told_of() -> None:
    for text, told in ((PAIR, False), (AT_ONCE, True)):
        conversion = convert({"train.py": program(model_fn=text)})
        assert {unit.status for unit in conversion.ledger.units} == {"converted"}
        assert ("averages-in-evaluation" in {f.rule for u in conversion.ledger.units for f in u.findings}) == told


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("lambda: trained, lambda: tested", "lambda: tested, lambda: trained"),
        ("tf.cast(train_phase, tf.bool)", "tf.reduce_sum(x) > 0.0"),
        ("lambda: trained, lambda: tested)", "lambda: trained, lambda: tested) + tested"),
        ("lambda: trained,", "lambda: 2.0 * trained,"),
        ("x, training=False", "2.0 * x, training=False"),
    ],
    ids=["the other way round", "by the data", "also read alone", "more than the layer", "of something else"],
)
def test_any_other_pair_refuses(before: str, after: str) -> None:
    assert before in PAIR
    assert refused(program(model_fn=PAIR.replace(before, after)))


@pytest.mark.runtime
@pytest.mark.parametrize("text", [PAIR, AT_ONCE], ids=["by the collection", "at once"])
def test_it_computes_the_same(text: str, tmp_path: pathlib.Path) -> None:
    prove(program(model_fn=text), "legacy", tmp_path)
