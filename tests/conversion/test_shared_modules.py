"""Several programs that use one module: what they share becomes one class for all of them, or they are kept apart."""

from __future__ import annotations

from migrator.conversion import Conversion
from migrator.convert import convert

NETWORK = """
import tensorflow as tf


def block(x, width, training):
    return tf.layers.dropout(tf.layers.dense(x, width), 0.2, training=training)


class Network(object):
    def __init__(self, x, training):
        self.hidden = block(x, 4, training)
        self.pooled = tf.layers.dense(self.hidden, 4)
"""
PROGRAM = """
import numpy as np
import tensorflow as tf
from network import Network


def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    return tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(1))).repeat().batch(4)


def model_fn(features, labels, mode):
    net = Network(features["x"], mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.layers.dense(net.pooled, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def main():
    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)


if __name__ == "__main__":
    main()
"""
OTHER = PROGRAM.replace("net.pooled", "net.hidden")
FIXED = PROGRAM.replace("mode == tf.estimator.ModeKeys.TRAIN)", "False)", 1)
READING = """
import sys
import tensorflow as tf
from network import Network


def model_fn(features, labels, mode):
    net = Network(features["x"], False)
    if mode != tf.estimator.ModeKeys.PREDICT:
        raise ValueError("it only predicts")
    return tf.estimator.EstimatorSpec(mode, predictions={"hidden": net.hidden})


def main():
    data = tf.estimator.inputs.numpy_input_fn({"x": [[1.0, 2.0, 3.0]]}, shuffle=False)
    for row in tf.estimator.Estimator(model_fn, sys.argv[1]).predict(data):
        print(row["hidden"])


if __name__ == "__main__":
    main()
"""


def conversion(**programs: str) -> Conversion:
    return convert({"network.py": NETWORK, **{f"{name}.py": text for name, text in programs.items()}})


def statuses(found: Conversion) -> dict[str, str]:
    return {unit.path: unit.status for unit in found.ledger.units if unit.kind == "model_fn"}


def test_an_object_that_two_programs_share_returns_what_either_reads() -> None:
    found = conversion(a=PROGRAM, b=OTHER)
    assert statuses(found) == {"a.py": "converted", "b.py": "converted"}
    network = next(edit.after for edit in found.edits if edit.path == "network.py")
    assert "return {'hidden': hidden, 'pooled': pooled}" in network
    assert network.count("class Network(") == network.count("class Block(") == 1
    assert "Block_2" not in network


def test_programs_that_need_another_form_of_the_module_are_refused_and_the_more_are_converted() -> None:
    found = conversion(a=FIXED, b=PROGRAM, c=OTHER)
    assert statuses(found) == {"a.py": "skipped", "b.py": "converted", "c.py": "converted"}
    reasons = {f.rule for unit in found.ledger.units if unit.path == "a.py" for f in unit.findings}
    assert "shared-file" in reasons
    assert not any(edit.path == "a.py" for edit in found.edits)


def test_a_program_that_only_predicts_is_told_the_mode_as_one_that_trains() -> None:
    found = conversion(a=READING, b=PROGRAM)
    assert statuses(found) == {"a.py": "converted", "b.py": "converted"}
    texts = {edit.path: edit.after for edit in found.edits}
    assert "self.network(features['x'], training=False)" in texts["a.py"].replace('"', "'")
    assert texts["network.py"].count("class Network(") == 1
    assert "training=training" in texts["network.py"]


def test_of_two_the_first_is_converted() -> None:
    assert statuses(conversion(a=FIXED, b=PROGRAM)) == {"a.py": "converted", "b.py": "skipped"}


def test_no_program_is_lost_where_others_join_the_first() -> None:
    also_fixed = FIXED.replace("net.pooled", "net.hidden")
    found = conversion(a=FIXED, b=PROGRAM, c=also_fixed)
    assert statuses(found) == {"a.py": "converted", "b.py": "skipped", "c.py": "converted"}
