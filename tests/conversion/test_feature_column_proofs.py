"""A wide and deep model over every kind of column is proven, and a model whose columns are mixed up is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.ledger import Verification
from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import verify_program

pytestmark = pytest.mark.runtime

PROGRAM = """
import numpy as np
import tensorflow as tf

fc = tf.feature_column


def wide_columns():
    age = fc.bucketized_column(fc.numeric_column("age", default_value=30.0), [25, 40, 60])
    job = fc.categorical_column_with_vocabulary_list("job", ["clerk", "nurse", "smith"])
    return [age, job, fc.crossed_column([age, "job"], 40), fc.crossed_column(["job", "tags"], 30)]


def deep_columns():
    job = fc.categorical_column_with_vocabulary_list("job", ["nurse", "clerk"], num_oov_buckets=2)
    tags = fc.categorical_column_with_hash_bucket("tags", 10)
    zone = fc.categorical_column_with_identity("zone", 6, default_value=0)
    return [
        fc.numeric_column("age", default_value=30.0, normalizer_fn=lambda age: (age - 40.0) / 20.0),
        fc.embedding_column(tags, 3, combiner="sqrtn"),
        fc.embedding_column(zone, 3, initializer=tf.random_normal_initializer(stddev=0.1)),
        fc.indicator_column(job),
    ]


def model_fn(features, labels, mode, params):
    with tf.variable_scope("deep"):
        net = fc.input_layer(features, params["deep"])
        for units in params["hidden"]:
            net = tf.layers.dense(net, units, tf.nn.relu)
        deep = tf.layers.dense(net, 1)
    with tf.variable_scope("wide"):
        wide = fc.linear_model(features, params["wide"])
    logits = tf.squeeze(deep + wide, axis=1)
    probability = tf.sigmoid(logits)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"probability": probability})
    loss = tf.losses.sigmoid_cross_entropy(labels, logits)
    metrics = {"auc": tf.metrics.auc(labels, probability)}
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op, eval_metric_ops=metrics)


def example(random):
    words = [[b"clerk", b"nurse", b"smith", b"pilot"][random.randint(4)]]
    tags = [b"tag %d" % tag for tag in random.randint(0, 9, random.randint(0, 4))]
    feature = {
        "job": tf.train.Feature(bytes_list=tf.train.BytesList(value=words)),
        "tags": tf.train.Feature(bytes_list=tf.train.BytesList(value=tags)),
        "zone": tf.train.Feature(int64_list=tf.train.Int64List(value=[random.randint(-1, 8)])),
        "label": tf.train.Feature(float_list=tf.train.FloatList(value=[random.randint(2)])),
    }
    if random.rand() < 0.8:
        feature["age"] = tf.train.Feature(float_list=tf.train.FloatList(value=[random.randint(18, 80)]))
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def input_fn():
    spec = fc.make_parse_example_spec(deep_columns() + wide_columns())
    spec["label"] = tf.FixedLenFeature([], tf.float32)

    def parse(batch):
        features = tf.parse_example(batch, spec)
        return features, features.pop("label")

    random = np.random.RandomState(0)
    examples = [example(random) for _ in range(120)]
    return tf.data.Dataset.from_tensor_slices(examples).batch(20).map(parse)


def main():
    params = {"deep": deep_columns(), "wide": wide_columns(), "hidden": [8, 4]}
    estimator = tf.estimator.Estimator(model_fn, params=params)
    estimator.train(input_fn, max_steps=6)
    estimator.evaluate(input_fn)


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("legacy", ["legacy", "tf1"])
def test_the_numbers_are_the_same(legacy: str, tmp_path: Path) -> None:
    found = proven(legacy, tmp_path)
    assert found.status == "verified", found.reason
    assert {row.check for row in found.evidence if row.ok} >= {"builds", "weights", "loss", "gradients", "training"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("        return column.name\n", "        return column.name[1:]\n"),
        ('combiner="sqrtn"', 'combiner="mean"'),
        ('["nurse", "clerk"]', '["clerk", "nurse"]'),
    ],
    ids=["another order", "another combiner", "another vocabulary"],
)
def test_a_wrong_model_is_not_proven(right: str, wrong: str, tmp_path: Path) -> None:
    assert proven("legacy", tmp_path, right, wrong).status == "failed"


def proven(legacy: str, tmp_path: Path, right: str = "", wrong: str = "") -> Verification:
    """What the verifier finds about the converted program, in which `right` became `wrong`."""
    for runtime in (legacy, "target"):
        if runtimes.absence(runtime):
            pytest.skip(runtimes.absence(runtime))
    conversion = convert({"train.py": PROGRAM})
    after = {edit.path: edit.after for edit in conversion.edits}
    assert right in "".join(after.values()), "nothing to make wrong"
    for side, files in (("before", {"train.py": PROGRAM}), ("after", after)):
        (tmp_path / side).mkdir()
        for path, content in files.items():
            text = content.replace(right, wrong) if right and side == "after" else content
            (tmp_path / side / path).write_text(text, encoding="utf-8")
    folders = (tmp_path / "before", tmp_path / "after")
    return verify_program(*folders, Entry.parse("train.py"), conversion.models, legacy).units[0].verification
