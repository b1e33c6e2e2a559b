"""Programs around `tf.contrib.learn` compute what they did: both are run and compared, in TensorFlow 1 too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from migrator.emit.support import support_source
from migrator.verify import runtimes

from .small import converted
from .test_learn import THREE, experiment, exporting, learner, predicting
from .test_proofs import prove

pytestmark = pytest.mark.runtime

LEARNED = """
def model_fn(features, targets, mode):
    logits = tf.layers.dense(features, 3)
    loss, train_op = None, None
    if mode != tf.contrib.learn.ModeKeys.INFER:
        loss = tf.losses.softmax_cross_entropy(targets, logits)
    if mode == tf.contrib.learn.ModeKeys.TRAIN:
        train_op = tf.contrib.layers.optimize_loss(
            loss, tf.contrib.framework.get_global_step(), learning_rate=0.1, optimizer="SGD"
        )
    metrics = {"accuracy": tf.metrics.accuracy(tf.argmax(logits, axis=1), tf.argmax(targets, axis=1))}
    return tf.contrib.learn.ModelFnOps(mode, {"logits": logits}, loss, train_op, metrics)
"""
ARRAYS = 'x, y = np.arange(60, dtype="float32").reshape(20, 3) / 10, np.eye(3)[np.arange(20) % 3]\n'
ARRAYS += "learner.fit(x=x, y=y, steps=10, batch_size=6)\nlearner.evaluate(x=x, y=y, batch_size=8)\n"
ARRAYS += 'print([row["logits"] for row in learner.predict(x=x)])'
FITTED = "learner.fit(input_fn=input_fn, max_steps=10)\nlearner.evaluate(input_fn=input_fn, steps=2)"
PROGRAMS = {
    "an experiment": experiment(),
    "an Estimator of contrib.learn on arrays": learner(ARRAYS, LEARNED),
    "a model_fn that returns three things": learner(FITTED, THREE, 'model_fn, params={"rate": 0.1}'),
    "a predictor": predicting(),
    "an experiment that exports": exporting(),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_those_of_tensorflow_1(name: str, tmp_path: Path) -> None:
    prove(PROGRAMS[name], "tf1", tmp_path)


@pytest.mark.parametrize(
    "name", ["an experiment that exports", "an Estimator of contrib.learn on arrays", "a predictor"]
)
def test_the_stand_in_for_contrib_learn_will_do(name: str, tmp_path: Path) -> None:
    prove(PROGRAMS[name], "legacy", tmp_path)


ROWS = """
import json
import numpy as np
rows = {
    "matrix": (np.arange(40, dtype="float32").reshape(20, 2), np.arange(20)),
    "vector": (np.arange(20, dtype="float64"), np.arange(20, dtype="float32").reshape(20, 1)),
    "images and rows": (np.arange(80, dtype="uint8").reshape(20, 2, 2), np.arange(40).reshape(20, 2)),
}
cases = [(name, size, shuffle) for name in rows for size in (None, 6, 20) for shuffle in (False, True)]
"""
# the feeder that Estimator.fit used, itself
FED = """
from tensorflow.contrib.learn.python.learn.learn_io import data_feeder
import tensorflow as tf
found = []
for name, size, shuffle in cases:
    x, y = rows[name]
    feeder = data_feeder.setup_train_data_feeder(x, y, None, size, shuffle, 2)
    with tf.Graph().as_default():
        features, labels = feeder.input_builder()
        feed, batches = feeder.get_feed_dict_fn(), []
        try:
            while True:
                given = feed()
                pair = [given[features.name], given[labels.name]]
                batches.append([[part.tolist(), str(part.dtype), list(part.shape)] for part in pair])
        except StopIteration:
            pass
    found.append(batches)
print("\\n" + json.dumps(found))
"""
MADE = """
from support import array_batches
found = []
for name, size, shuffle in cases:
    batches = array_batches(*rows[name], batch_size=size, epochs=2, shuffle=shuffle)
    pairs = [[part.numpy() for part in pair] for pair in batches]
    found.append([[[part.tolist(), str(part.dtype), list(part.shape)] for part in pair] for pair in pairs])
print("\\n" + json.dumps(found))
"""


def test_arrays_are_read_in_the_order_of_contrib_learn(tmp_path: Path) -> None:
    (tmp_path / "support.py").write_text(support_source(["array_batches"]), encoding="utf-8")
    legacy, made = printed("tf1", ROWS + FED, tmp_path), printed("target", ROWS + MADE, tmp_path)
    assert made == legacy
    assert len(legacy) == 18 and legacy[0] != legacy[1]


SCORED = """
def model_fn(features, labels, mode):
    kernel = tf.constant_initializer([[1.0, -1.0, 0.5], [0.2, 0.1, -0.4]])
    logits = tf.layers.dense(features, 3, kernel_initializer=kernel)
    predictions = {"classes": tf.argmax(logits, axis=1), "first": tf.cast(logits[:, 0] * 3, tf.int64)}
    loss, train_op = None, None
    if mode != tf.contrib.learn.ModeKeys.INFER:
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    if mode == tf.contrib.learn.ModeKeys.TRAIN:
        train_op = tf.contrib.layers.optimize_loss(loss, None, learning_rate=0.1, optimizer="SGD")
    return tf.contrib.learn.ModelFnOps(mode, predictions, loss, train_op)
"""
SCORES = """x, y = np.arange(40, dtype="float32").reshape(20, 2) / 10 - 2, np.arange(20) % 3
learner.fit(x=x, y=y, steps=5, batch_size=6)
more = {
    "accuracy": tf.contrib.learn.MetricSpec(tf.metrics.accuracy, "classes"),
    "error": tf.contrib.learn.MetricSpec(metric_fn=tf.metrics.mean_squared_error, prediction_key="first"),
}
results = learner.evaluate(x=x, y=y, batch_size=8, metrics=more)
import json
print()
print(json.dumps([[name, round(float(results[name]), 5)] for name in sorted(results)]))"""


def test_metrics_of_an_evaluation_are_the_same(tmp_path: Path) -> None:
    text = learner(SCORES, SCORED, 'model_fn, "runs"')
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    for path, content in converted(text).items():
        (after / path).write_text(content, encoding="utf-8")
    legacy = printed("tf1", text, before)
    assert [name for name, _ in legacy] == ["accuracy", "error", "global_step", "loss"]  # type: ignore[misc, has-type]
    found = printed("target", (after / "train.py").read_text(encoding="utf-8"), after)
    for (name, value), (other, number) in zip(legacy, found, strict=True):  # type: ignore[misc]
        assert (name, value) == (other, pytest.approx(number, rel=1e-4))  # type: ignore[has-type]


USED = """
import json
def told(do):
    hparams = HParams(rate=0.1, steps=10, name="a", flag=True, units=[8, 4], nothing=None)
    try:
        found = do(hparams)
    except (ValueError, KeyError, AttributeError) as error:
        found = type(error).__name__
    return [str(found), str(hparams), repr(hparams), hparams.to_json(sort_keys=True)]
texts = ["rate=0.5,name=b", "units=[1, 2 3],flag=false", "flag=1", "flag=maybe", "steps=0.5", "rate=1", "other=1",
         "rate=1,rate=2", "units=3", "name=[a,b]", "nonsense", "units=[a]", "name = c, steps =7", "", "rate="]
values = [("rate", 1), ("rate", "1"), ("steps", 2), ("steps", 2.0), ("steps", True), ("flag", False), ("flag", 0),
          ("name", "z"), ("name", 3), ("units", [1]), ("units", 1), ("units", [0.5]), ("other", 1), ("nothing", 5)]
found = [told(lambda h, t=text: h.parse(t)) for text in texts]
found += [told(lambda h, n=name, v=value: h.set_hparam(n, v)) for name, value in values]
found += [told(lambda h, n=name, v=value: h.add_hparam(n, v)) for name, value in values]
found += [told(lambda h, n=name, v=value: h.get(n, v)) for name, value in values]
found += [told(lambda h: h.override_from_dict({"steps": 3, "name": "q"})), told(lambda h: h.del_hparam("rate"))]
found += [told(lambda h: h.parse_json('{"steps": 4}')), told(lambda h: sorted(h.values())), told(lambda h: "rate" in h)]
found += [told(lambda h: h.add_hparam("empty", [])), told(lambda h: h.del_hparam("other")), told(lambda h: h.steps)]
print("\\n" + json.dumps(found))
"""


def test_hyper_parameters_behave_as_they_did(tmp_path: Path) -> None:
    (tmp_path / "support.py").write_text(support_source(["HParams"]), encoding="utf-8")
    legacy = printed("tf1", "from tensorflow.contrib.training import HParams\n" + USED, tmp_path)
    assert printed("target", "from support import HParams\n" + USED, tmp_path) == legacy


def printed(runtime: str, code: str, folder: Path) -> list[object]:
    """What a piece of code prints last, as JSON."""
    if runtimes.absence(runtime):
        pytest.skip(runtimes.absence(runtime))
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [str(runtimes.provide(runtime).python), "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=quiet, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: list[object] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
