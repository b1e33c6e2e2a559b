"""Objects that a model_fn, or a function it calls, changes in place: features, labels, lists of sizes and tensors."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import HEAD, converted, line_of, program, refused

CHANGED = """
def prepare(features):
    features["b"] = tf.square(features["b"]) * 0.1


def fill(sizes):
    sizes.append(5)


def normed(features):
    features.pop("c")
    return features["b"] + 1.0


def collect(kept, x):
    kept.append(x)


def model_fn(features, labels, mode):
    sizes = [4]
    kept = []
    features["x"] = features["x"] * 0.5
    prepare(features)
    fill(sizes)
    b = normed(features)
    h = features["x"] + b
    for n in sizes:
        h = tf.layers.dense(h, n, activation=tf.nn.relu)
        collect(kept, h)
    logits = tf.layers.dense(tf.concat(kept, 1), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits * features["b"][:, :1]})
    labels["y"] = labels["y"] * 2.0
    loss = tf.losses.mean_squared_error(labels["y"], tf.squeeze(logits, axis=1) + features["x"][:, 0])
    if mode == tf.estimator.ModeKeys.EVAL:
        error = tf.metrics.mean_absolute_error(labels["y"], tf.squeeze(logits, axis=1) * features["b"][:, 0])
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"m": error})
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
INPUT = """
def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    features = {"x": x, "b": x[:, :1] * 0.3, "c": x}
    return tf.data.Dataset.from_tensor_slices((features, {"y": x.sum(1)})).repeat(3).batch(4)
"""


def changed(text: str = CHANGED) -> str:
    """A program whose model_fn changes its features, labels and lists."""
    return program(model_fn=text, input_fn=INPUT)


def test_every_method_changes_a_copy_of_its_own() -> None:
    text = converted(changed())["train.py"]
    assert text.count("features = dict(features)") == 2  # in call and in predict_step
    assert text.count("features = dict(x)") == 2  # in compute_loss and in compute_metrics
    assert text.count("labels = dict(y)") == 2


def test_a_statement_that_changes_both_what_layers_are_made_from_and_a_tensor_refuses() -> None:
    both = CHANGED.replace("def fill(sizes):\n", 'def fill(sizes, features):\n    features["b"] = features["c"]\n')
    both = both.replace("    fill(sizes)\n", "    fill(sizes, features)\n")
    assert refused(changed(both)) == {("argument-change", line_of(changed(both), "    fill(sizes, features)"))}


def test_a_list_that_a_helper_fills_is_filled_where_layers_are_made() -> None:
    assert "        sizes = [4]\n        fill(sizes)\n" in converted(changed())["train.py"]


OTHERS_HOLD_IT = {
    "another name": ("    sizes = [4]\n", "    sizes = [4]\n    also = sizes\n", "argument-change"),
    "another object": ("    kept = []\n", "    kept = []\n    both = [kept]\n", "argument-change"),
    "the file": ("    sizes = [4]\n", "    sizes = SIZES\n", "argument-change"),
    "a default": ("def fill(sizes):", "def fill(sizes=[3]):", "argument-change"),
}


@pytest.mark.parametrize("holder", OTHERS_HOLD_IT)
def test_an_object_that_others_hold_too_refuses(holder: str) -> None:
    before, after, rule = OTHERS_HOLD_IT[holder]
    text = CHANGED.replace(before, after)
    if holder == "the file":
        text = "SIZES = [4]\n" + text
    if holder == "a default":
        text = text.replace("    fill(sizes)\n", "    fill()\n")
    assert {found for found, _ in refused(changed(text))} == {rule}


def test_a_layer_that_fills_a_list_of_its_caller_refuses() -> None:
    text = CHANGED.replace("    kept.append(x)\n", "    kept.append(tf.layers.dense(x, 2))\n")
    assert {found for found, _ in refused(changed(text))} == {"argument-change"}


def test_tensors_collected_in_a_loop_of_layers_stay_in_the_call() -> None:
    loop = """
def model_fn(features, labels, mode, params):
    outs = []
    for n in params["sizes"]:
        outs.append(tf.layers.dense(features["x"], n))
    logits = tf.layers.dense(tf.concat(outs, 1), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
    text = converted(program(model_fn=loop))["train.py"]
    assert '            outs.append(dense(features["x"]))' in text


def test_a_list_that_an_assignment_changes_is_changed_before_layers_are_made() -> None:
    popped = CHANGED.replace("    sizes = [4]\n", "    sizes = [3, 4]\n    first = sizes.pop(0)\n")
    assert "        first = sizes.pop(0)\n" in converted(changed(popped))["train.py"]


@pytest.mark.parametrize(
    "lines",
    [
        'kept = {"a": 1}\nkept[name] = kept',
        'kept = {"a": 1}\nkept["b"] = kept\nkept.update({name: kept})',
        "kept = [1]\nkept.append(kept)\nfor i in range(9):\n    kept[i] = kept",
        "kept = [1]\nkept.insert(0, (kept, kept))\nkept += [kept]",
    ],
)
def test_a_container_that_holds_itself_ends(lines: str) -> None:
    text = program(head=f"{HEAD}import sys\nname = sys.argv[1]\n{lines}\nprint(kept, kept[0:1])\n")
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}
