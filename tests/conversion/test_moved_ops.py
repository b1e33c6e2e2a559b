"""Operations and metrics that moved: how their arguments are written, and that a program computes the same."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, line_of, program, refused
from .test_metrics import evaluated
from .test_proofs import prove

IMAGES = """
image = tf.image.resize_bilinear(tf.reshape(features["x"], [-1, 3, 1, 1]), [6, 2])
shift = tf.sparse_to_dense([1], [2], 1.0)
scores = tf.layers.dense(tf.layers.flatten(image), 2) + shift
"""
RANKED = """
average = tf.metrics.average_precision_at_k(labels, logits, 2)
related = tf.contrib.metrics.streaming_pearson_correlation(logits[:, 0], tf.cast(labels, tf.float32))
now = tf.contrib.metrics.accuracy(classes, labels)
metrics = {"average": average, "related": related, "now": tf.metrics.mean(now)}
"""


def test_raw_operations_take_keywords_alone() -> None:
    text = converted(resized())["train.py"]
    assert "tf.raw_ops.ResizeBilinear(\n            images=tf.reshape(" in text and "size=[6, 2]" in text
    assert "sparse_indices=[1]" in text and "default_value=0" in text


def test_metrics_with_predictions_first_keep_what_is_what() -> None:
    text = converted(evaluated(RANKED))["train.py"]
    assert "AveragePrecisionAtK(2, name='average')" in text
    assert ".update_state(tf.cast(labels, tf.float32), logits[:, 0])" in text
    assert "tf.reduce_mean(tf.cast(tf.equal(classes, labels), tf.float32))" in text


def resized() -> str:
    """A program that resizes its features and adds a sparse constant."""
    text = evaluated('metrics = {"mean": tf.metrics.mean(logits)}')
    made = IMAGES.strip().replace("\n", "\n    ").replace("scores =", "logits =")
    return text.replace('logits = tf.layers.dense(features["x"], 2)', made)


@pytest.mark.runtime
def test_resized_features_are_the_same(tmp_path: pathlib.Path) -> None:
    prove(resized(), "legacy", tmp_path)


@pytest.mark.runtime
def test_ranks_and_correlations_are_the_same_in_tensorflow_1(tmp_path: pathlib.Path) -> None:
    prove(evaluated(RANKED), "tf1", tmp_path)


def test_records_are_iterated_as_arrays_of_their_dataset() -> None:
    lines = (
        "    for record in tf.python_io.tf_record_iterator('a'):\n        print(tf.train.Example.FromString(record))\n"
    )
    text = program().replace("def main():\n", f"def main():\n{lines}")
    after = converted(text)["train.py"]
    assert "for record in tf.data.TFRecordDataset('a').as_numpy_iterator():" in after
    assert "print(tf.train.Example.FromString(record))" in after
    compressed = text.replace("iterator('a')", "iterator('a', options=tf.python_io.TFRecordOptions(2))")
    assert ("record-iterator", line_of(compressed, "for record")) in refused(compressed)


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
def test_a_program_finds_as_many_records_as_before(runtime: str, tmp_path: pathlib.Path) -> None:
    lines = "    with tf.python_io.TFRecordWriter('rows') as writer:\n"
    lines += "        for number in range(5):\n            writer.write(b'%d' % number)\n"
    lines += "    steps = sum(int(record) for record in tf.python_io.tf_record_iterator('rows'))\n"
    text = program().replace("def main():\n", f"def main():\n{lines}").replace("steps=8", "steps=steps")
    prove(text, runtime, tmp_path)
