"""The spec that a head makes is written out in the model_fn, or stays for the analysis to refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.plain.plainer import plainer
from migrator.source.project import Project

from ..conversion.small import line_of
from ..conversion.test_proofs import prove

PROGRAM = """
import numpy as np
import tensorflow as tf

WORDS = ["a", "b", "c"]


def model_fn(features, labels, mode, params):
    net = tf.layers.dense(features["x"], 8, activation=tf.nn.relu)
    net = tf.layers.batch_normalization(net, training=mode == tf.estimator.ModeKeys.TRAIN)
    head = tf.contrib.estimator.HEAD
    logits = tf.layers.dense(net, OUTPUTS)
    optimizer = tf.train.AdamOptimizer(params["rate"])

    def train_op_fn(loss):
        return optimizer.minimize(loss, global_step=tf.train.get_global_step())

    return head.create_estimator_spec(
        features=features, mode=mode, labels=labels, logits=logits, TRAINING)


def input_fn(epochs=None):
    x = np.random.RandomState(0).rand(60, 3).astype("float32")
    return tf.data.Dataset.from_tensor_slices(({"x": x, "w": x[:, 1] + 0.5}, LABELS)).repeat(epochs).batch(10)


def main():
    estimator = tf.estimator.Estimator(model_fn, params={"rate": 0.01})
    estimator.train(lambda: input_fn(), steps=12)
    print(estimator.evaluate(lambda: input_fn(1)))
    print(next(estimator.predict(lambda: input_fn(1))))


main()
"""
HEADS = {
    "two classes": ("binary_classification_head(weight_column='w')", "1", "(x[:, 0] * 2).astype('int64')"),
    "two classes at thresholds": (
        "binary_classification_head('w', thresholds=[0.45, 0.5])",
        "head.logits_dimension",
        "(x[:, 0] * 2).astype('int64')",
    ),
    "words": (
        "multi_class_head(n_classes=3, label_vocabulary=WORDS)",
        "3",
        "np.array(WORDS)[(x[:, 0] * 3).astype('int64')]",
    ),
    "two values": ("regression_head(label_dimension=2, loss_reduction=tf.losses.Reduction.SUM)", "2", "x[:, :2]"),
}
MERGED = """multi_head(
        [tf.contrib.estimator.multi_class_head(3, name="kind"),
         tf.contrib.estimator.binary_classification_head(weight_column="w", name="is/large"),
         tf.contrib.estimator.regression_head(name="size")], head_weights=[1.0, 0.5, 2.0])"""
TARGETS = """{
        "kind": (x[:, 0] * 3).astype("int64"), "is/large": (x[:, 1] * 2).astype("int64"), "size": x[:, 2]}"""
HEADS["merged heads of one tensor"] = (MERGED, "head.logits_dimension", TARGETS)
HEADS["a head with a name"] = ("regression_head(name='size')", "1", "x[:, 0]")
# which only TensorFlow 1 has
MORE_HEADS = {
    "counts": ("poisson_regression_head(weight_column='w')", "1", "np.floor(x[:, 0] * 5).astype('float32')"),
    "counts without their factorials": (
        "poisson_regression_head(label_dimension=2, compute_full_loss=False)",
        "2",
        "np.floor(x[:, :2] * 5).astype('float32')",
    ),
    "shares": ("logistic_regression_head()", "1", "x[:, 0]"),
    "several classes each at a threshold": (
        "multi_label_head(n_classes=3, weight_column='w', thresholds=[0.5])",
        "3",
        "(x > 0.5).astype('int64')",
    ),
    "several classes each": ("multi_label_head(n_classes=3, weight_column='w')", "3", "(x > 0.5).astype('int64')"),
}


def program(head: str, outputs: str = "1", labels: str = "x[:, 0]", training: str = "train_op_fn=train_op_fn") -> str:
    """A program whose model_fn ends with the spec of this head."""
    text = PROGRAM.replace("HEAD", head).replace("OUTPUTS", outputs).replace("LABELS", labels)
    return text.replace("TRAINING", training)


def by_head(text: str) -> str:
    """The program with a dictionary of logits."""
    one = "logits = tf.layers.dense(net, head.logits_dimension)"
    sizes = {"kind": 3, "is/large": 1, "size": 1}
    each = "".join(f'        "{name}": tf.layers.dense(net, {size}),\n' for name, size in sizes.items())
    assert one in text
    return text.replace(one, "logits = {\n" + each + "    }")


def written(text: str) -> str:
    """The program in plainer words."""
    return plainer(Project({"train.py": text})).sources["train.py"]


def test_the_return_becomes_what_the_head_stands_for() -> None:
    text = written(program("regression_head()"))
    assert "create_estimator_spec" not in text and "head = " not in text
    assert "    loss = tf.reduce_mean(example_loss)\n" in text
    assert "        train_op = train_op_fn(loss)\n" in text


def test_merged_heads_share_the_loss_and_leave_the_updates() -> None:
    text = written(program(*HEADS["merged heads of one tensor"]))
    assert "    kind_logits, is_large_logits, size_logits = tf.split(logits, [3, 1, 1], axis=-1)\n" in text
    assert "    loss = 1.0 * kind_loss + 0.5 * is_large_loss + 2.0 * size_loss\n" in text
    assert "    is_large_average_loss = tf.metrics.mean(is_large_example_loss, weights=is_large_weights)\n" in text
    assert '"average_loss/is/large": is_large_average_loss' in text
    assert "UPDATE_OPS" not in text and "logits = tf.layers.dense(net, 5)" in text


INNER = """    def train_op_fn(loss):
        return optimizer.minimize(loss, global_step=tf.train.get_global_step())
"""
MAKING = """    def train_op_fn(loss):
        # slowly
        RATE = params["rate"]
        mine = tf.train.AdamOptimizer(RATE)
        return mine.minimize(loss, tf.train.get_global_step())
"""


def test_a_function_that_makes_the_optimizer_goes_into_the_model_fn() -> None:
    text = program("regression_head()").replace(INNER, MAKING.replace("RATE", "rate"))
    after = (
        "    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):\n"
        "        # slowly\n"
        '        rate = params["rate"]\n'
        "        mine = tf.train.AdamOptimizer(rate)\n"
        "        train_op = mine.minimize(loss, tf.train.get_global_step())\n"
    )
    assert after in written(text) and "def train_op_fn" not in written(text)
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}


def test_a_name_that_the_model_fn_has_too_keeps_the_function() -> None:
    assert "def train_op_fn" in written(program("regression_head()").replace(INNER, MAKING.replace("RATE", "net")))


def test_what_reads_a_name_of_the_head_stays() -> None:
    training = "train_op_fn=lambda loss: optimizer.minimize(loss * metrics, tf.train.get_global_step())"
    text = program("regression_head()", training=training).replace(
        "    optimizer =", "    metrics = 2.0\n    optimizer ="
    )
    assert written(text) == text


def test_a_file_that_makes_no_estimator_may_have_heads() -> None:
    text = program("regression_head()").split("def input_fn")[0]
    assert "create_estimator_spec" not in written(text)


def test_an_optimizer_minimises_the_loss() -> None:
    text = written(program("regression_head()", training="optimizer=optimizer"))
    assert "train_op = optimizer.minimize(loss, tf.train.get_global_step())" in text


@pytest.mark.parametrize(
    ("training", "step"),
    [
        ("train_op_fn=lambda loss: optimizer.minimize(loss, tf.train.get_global_step())", "optimizer.minimize(loss, "),
        ("optimizer=tf.train.AdamOptimizer(0.1)", "tf.train.AdamOptimizer(0.1).minimize(loss, "),
    ],
)
def test_how_it_trains_is_told_in_place(training: str, step: str) -> None:
    text = program("regression_head()", training=training)
    assert f"train_op = {step}tf.train.get_global_step())" in written(text)
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}


def test_the_size_of_the_head_is_written_where_it_is_read() -> None:
    text = written(program("multi_class_head(n_classes=len(WORDS))", "units=head.logits_dimension, name='l'"))
    assert "logits = tf.layers.dense(net, units=len(WORDS), name='l')" in text


def test_names_of_the_model_fn_keep_their_values() -> None:
    text = program("regression_head()").replace(
        "    optimizer = ", "    predictions = tf.exp(logits)\n    optimizer = "
    )
    assert 'head_predictions = {"predictions": logits}' in written(text)
    assert "predictions=head_predictions" in written(text)


def test_logits_computed_in_the_call_have_a_name_of_their_own() -> None:
    body = "    def body(loss):\n        logits = tf.layers.dense(loss, 1)\n        return logits\n"
    text = program("regression_head()").replace("    logits = tf.layers.dense(net, 1)\n", body)
    text = text.replace("logits=logits, ", "logits=body(net), ")
    assert "    head_logits = body(net)\n" in written(text)
    assert {unit.status for unit in convert({"train.py": text}).ledger.units} == {"converted"}


def test_a_head_is_found_in_a_file_of_its_own() -> None:
    whole = program("regression_head()")
    model_fn = whole[whole.index("def model_fn") : whole.index("def input_fn")]
    sources = plainer(Project({"model.py": f"import tensorflow as tf\n\n\n{model_fn}"})).sources
    assert "create_estimator_spec" not in sources["model.py"]


@pytest.mark.parametrize(
    "head",
    [
        "binary_classification_head(thresholds=POINTS)",
        "regression_head(inverse_link_fn=tf.exp)",
        "multi_label_head(3, classes_for_class_based_metrics=[1])",
        "multi_head([])",
        "multi_head([tf.contrib.estimator.regression_head()])",
        "multi_head(WORDS)",
        "multi_head([tf.contrib.estimator.regression_head(name=WORDS[0])])",
    ],
)
def test_a_head_that_is_not_covered_is_left_to_the_analysis(head: str) -> None:
    text = program(head)
    assert written(text) == text
    (reason,) = {f.rule for u in convert({"train.py": text}).ledger.units for f in u.findings if f.severity == "error"}
    assert reason == "spec"


def test_units_stand_on_the_lines_of_the_program() -> None:
    text = program("regression_head()")
    conversion = convert({"train.py": text})
    parts = (
        "def model_fn(",
        "tf.estimator.Estimator(",
        "estimator.train(",
        "estimator.evaluate(",
        "estimator.predict(",
    )
    assert [(u.line, u.status) for u in conversion.ledger.units] == [(line_of(text, p), "converted") for p in parts]


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("name", HEADS)
def test_the_numbers_are_those_of_the_head(name: str, runtime: str, tmp_path: Path) -> None:
    prove(program(*HEADS[name]), runtime, tmp_path)


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_the_numbers_are_those_of_merged_heads_whose_logits_are_apart(runtime: str, tmp_path: Path) -> None:
    prove(by_head(program(*HEADS["merged heads of one tensor"])), runtime, tmp_path)


@pytest.mark.runtime
@pytest.mark.parametrize("name", MORE_HEADS)
def test_the_numbers_are_those_of_heads_of_tensorflow_1(name: str, tmp_path: Path) -> None:
    prove(program(*MORE_HEADS[name]), "tf1", tmp_path)
