"""Features that only predictions bring into another form: the network gets what it got in every mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from .small import HEAD, converted, refused
from .test_spec_proofs import prove

PROGRAM = (
    HEAD
    + '''

def model_fn(features, labels, mode, params):
    """A network of one hidden layer."""
    # clients send a dictionary
    if mode == tf.estimator.ModeKeys.PREDICT:
        features = features[params["key"]] / 2.0
    hidden = tf.layers.dense(features, 4, activation=tf.nn.relu)
    hidden = tf.layers.dropout(hidden, 0.25, training=mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.layers.dense(hidden, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits, "sum": tf.reduce_sum(features, axis=1)})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    if mode == tf.estimator.ModeKeys.EVAL:
        metrics = {"mae": tf.metrics.mean_absolute_error(labels, tf.squeeze(logits, axis=1))}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


X = np.arange(24, dtype="float32").reshape(8, 3) / 10.0


def input_fn():
    return tf.data.Dataset.from_tensor_slices((X, X.sum(1))).repeat().batch(4)


def predict_input_fn():
    return tf.data.Dataset.from_tensor_slices({"image": X}).batch(4)


def estimator():
    return tf.estimator.Estimator(model_fn, "run", params={"key": "image"})


def main():
    trained = estimator()
    trained.train(input_fn, steps=8)
    trained.evaluate(input_fn, steps=2)
    print(sum(p["y"] for p in trained.predict(predict_input_fn)))
    receiver = tf.estimator.export.build_raw_serving_input_receiver_fn({"image": tf.placeholder(tf.float32, [None, 3])})
    trained.export_saved_model("exported", receiver)
    print(sum(p["y"] for p in estimator().predict(predict_input_fn)))


if __name__ == "__main__":
    main()
'''
)
INPUTS = """
    def prediction_inputs(self, features):
        # clients send a dictionary
        return features[self.params["key"]] / 2.0
"""
BRANCH = """    # clients send a dictionary
    if mode == tf.estimator.ModeKeys.PREDICT:
        features = features[params["key"]] / 2.0
"""
TURNED = """    # clients send a dictionary
    if mode != tf.estimator.ModeKeys.PREDICT:
        pass
    else:
        features = features[params["key"]]
        features = features / 2.0
"""
BARE = 'predictions={"y": logits, "sum": tf.reduce_sum(features, axis=1)}'


def test_only_predict_step_brings_the_features_into_the_form_of_training() -> None:
    after = converted(PROGRAM)["train.py"]
    assert INPUTS in after
    assert "features = self.prediction_inputs(features)\n        logits = self(features, training=False)" in after
    assert "def call(self, features, training=None):\n        hidden = self.dense(features)" in after


def test_a_branch_the_other_way_round_is_the_same() -> None:
    after = converted(PROGRAM.replace(BRANCH, TURNED))["train.py"]
    assert 'features = features[self.params["key"]]\n        return features / 2.0\n' in after


def test_a_model_that_predicts_what_call_returns_has_a_predict_step_too() -> None:
    after = converted(PROGRAM.replace(BARE, "predictions=logits"))["train.py"]
    assert "features = self.prediction_inputs(features)\n        logits = self(features, training=False)\n" in after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # clients", "    kept = features\n    # clients"),  # read before
        ('features[params["key"]] / 2.0', 'tf.layers.dense(features[params["key"]], 3)'),  # by a layer
        ("logits = tf.layers.dense(hidden, 1)", "logits = tf.layers.dense(hidden + tf.reduce_sum(kept), 1)"),
    ],
)
def test_other_networks_of_predictions_stay_refused(old: str, new: str) -> None:
    text = PROGRAM.replace(old, new)
    if "kept" in new:
        text = text.replace("    # clients", "    kept = features\n    # clients", 1)
        text = text.replace("tf.layers.dense(features, 4", "tf.layers.dense(features + kept[:1], 4")
    assert refused(text)


@pytest.mark.runtime
def test_predictions_restored_models_and_exports_get_them_so(tmp_path: Path) -> None:
    assert {"training", "metrics", "forward", "predictions", "export"} <= prove(PROGRAM, "legacy", tmp_path)


@pytest.mark.runtime
def test_other_inputs_are_found_out(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="predictions"):
        prove(PROGRAM, "legacy", tmp_path, change=('self.params["key"]] / 2.0', 'self.params["key"]] / 3.0'))
