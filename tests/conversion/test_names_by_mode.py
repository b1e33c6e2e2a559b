"""Variables and the modes: the modes of a program share them by their names, wherever each makes them."""

from __future__ import annotations

from .small import HEAD, program, refused

TAIL = """
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
OTHER_WAY = (
    """
QUICK = bool(os.environ.get("QUICK"))


def network(x, is_training):
    if not is_training and QUICK:
        x = tf.layers.dense(x, 4, activation=tf.nn.relu)
        return tf.layers.dense(x, 1)
    x = tf.layers.dense(x, 4, activation=tf.nn.relu)
    x = tf.layers.dropout(x, 0.25, training=is_training)
    return tf.layers.dense(x, 1)


def model_fn(features, labels, mode):
    logits = network(features["x"], mode == tf.estimator.ModeKeys.TRAIN)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
"""
    + TAIL
)
OTHER_PLACE = (
    """
def trained(x):
    return tf.matmul(x, tf.get_variable("w", [3, 1]))


def tested(x):
    return 2.0 * tf.matmul(x, tf.get_variable("w", [3, 1]))


def model_fn(features, labels, mode):
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": tested(features["x"])})
    logits = trained(features["x"])
"""
    + TAIL
)
ONLY_TRAINED = (
    """
def model_fn(features, labels, mode):
    x = features["x"]
    if mode == tf.estimator.ModeKeys.TRAIN:
        x = x + tf.layers.dense(x, 3)
    logits = tf.layers.dense(x, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
"""
    + TAIL
)


def test_a_layer_only_training_has_takes_the_number_of_another() -> None:
    assert {rule for rule, _ in refused(program(model_fn=ONLY_TRAINED))} == {"mode-names"}


def test_one_name_made_by_different_functions_refuses() -> None:
    assert {rule for rule, _ in refused(program(model_fn=OTHER_PLACE))} == {"mode-layers"}


def test_what_another_way_through_a_branch_makes_takes_no_number() -> None:
    rules = {rule for rule, _ in refused(program(model_fn=OTHER_WAY, head="import os\n" + HEAD))}
    assert "mode-names" not in rules
