"""Params that a model_fn changes in place: TensorFlow 1 gave it a copy, so the model and its builder make one each."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

CHANGED = """
def set_sizes(params):
    params["hidden"] = params["width"] * 2


def model_fn(features, labels, mode, params):
    params["width"] += 1
    set_sizes(params)
    h = tf.layers.dense(features["x"], params["hidden"]) * params["k"]
    logits = tf.layers.dense(h, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits * params["width"]})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    params["lr"] *= 0.5
    train_op = tf.train.AdamOptimizer(params["lr"]).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def changed(text: str = CHANGED) -> str:
    """A program whose model_fn changes its params."""
    given = 'Estimator(model_fn, params={"width": 2, "lr": 0.1, "k": 1.5, "inner": {}})'
    return program(model_fn=text).replace("Estimator(model_fn)", given)


def test_the_model_is_made_from_a_copy_that_it_changes() -> None:
    text = converted(changed())["train.py"]
    start = '        params = copy.deepcopy(params)\n        params["width"] += 1\n        set_sizes(params)\n'
    assert start in text
    assert text.count("self.params = params") == 1
    assert text.startswith("import copy\n")


def test_the_builder_changes_a_copy_of_its_own_after_the_model_was_made() -> None:
    text = converted(changed())["train.py"]
    assert "    model = Model(params)\n    params = copy.deepcopy(params)\n" in text
    assert '    params["lr"] *= 0.5\n    model.compile(' in text


def test_a_nested_dictionary_is_copied_too() -> None:
    nested = CHANGED.replace('    params["width"] += 1\n', '    params["inner"]["deep"] = 3\n')
    assert "        params = copy.deepcopy(params)\n" in converted(changed(nested))["train.py"]


def test_params_that_nothing_changes_are_not_copied() -> None:
    kept = CHANGED.replace("    set_sizes(params)\n", "").replace('    params["width"] += 1\n', "")
    kept = kept.replace('    params["lr"] *= 0.5\n', "")
    assert "deepcopy" not in converted(changed(kept.replace('"hidden"]) *', '"width"]) *')))["train.py"]


REFUSED = {
    "an item that was read before": (
        "    logits = tf.layers.dense(h, 1)\n",
        '    h = h * params["k"]\n    params["k"] = 7.0\n    logits = tf.layers.dense(h, 1)\n',
    ),
    "a tensor": ('    params["width"] += 1\n', '    params["k"] = tf.reduce_mean(features["x"])\n'),
    "the mode": (
        '    params["width"] += 1\n',
        '    params["k"] = 2.0 if mode == tf.estimator.ModeKeys.TRAIN else 1.0\n',
    ),
    "in one mode": (
        '    params["width"] += 1\n',
        '    if mode == tf.estimator.ModeKeys.TRAIN:\n        params["k"] = 3\n',
    ),
    "a function that tells the mode": (
        "    set_sizes(params)\n",
        "    set_sizes(params)\n    by_mode(params, mode)\n",
    ),
    "another name": ('    params["width"] += 1\n', '    also = params\n    also["k"] = 3\n'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_settled_when_the_model_is_made_refuses(name: str) -> None:
    before, after = REFUSED[name]
    assert before in CHANGED
    helper = """

def by_mode(params, mode):
    if mode == tf.estimator.ModeKeys.TRAIN:
        params["k"] = 3
"""
    rules = {rule for rule, _ in refused(changed(helper + CHANGED.replace(before, after)))}
    assert rules <= {"argument-change", "unbound", "mode-at-construction"}
