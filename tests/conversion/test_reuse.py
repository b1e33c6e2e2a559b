"""Layers that take the variables of others: told so by a scope, or by their own `reuse=`."""

from __future__ import annotations

import pathlib

import pytest

from .small import HEAD, converted, program, refused

TOWERS = """
def network(x, size, reuse, is_training):
    with tf.variable_scope("net", reuse=reuse):
        h = tf.layers.dense(x, size, activation=tf.nn.relu)
        h = tf.layers.dropout(h, 0.25, training=is_training)
        return tf.layers.dense(h, 1)


def model_fn(features, labels, mode):
    trained = network(features["x"], 4, reuse=False, is_training=True)
    tested = network(features["x"], 4, reuse=True, is_training=False)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": tested})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(trained, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def towers(text: str = TOWERS) -> str:
    """A program that builds its network twice over the same variables."""
    return program(model_fn=text)


def test_what_towers_are_told_differently_is_told_with_each_call() -> None:
    text = converted(towers())["train.py"]
    assert "self.network = Network(4)" in text
    assert 'trained = self.network(features["x"], is_training=True)' in text
    assert 'tested = self.network(features["x"], is_training=False)' in text


def test_a_layer_that_is_told_to_reuse_is_the_layer_before() -> None:
    own = TOWERS.replace('with tf.variable_scope("net", reuse=reuse):', "if True:")
    own = own.replace("activation=tf.nn.relu)", 'activation=tf.nn.relu, name="h", reuse=reuse)')
    own = own.replace("tf.layers.dense(h, 1)", 'tf.layers.dense(h, 1, name="out", reuse=reuse)')
    assert converted(towers(own))["train.py"].count("Network(4)") == 1


DIFFERENT = {
    "another activation": (
        "def model_fn(features, labels, mode):\n",
        'def model_fn(features, labels, mode):\n    first = tf.layers.dense(features["x"], 3, tf.nn.relu, name="f")\n'
        '    again = tf.layers.dense(features["x"], 3, name="f", reuse=True)\n',
    ),
    "an argument that was bound anew": (
        "def model_fn(features, labels, mode):\n",
        "def model_fn(features, labels, mode):\n    act = tf.nn.relu\n"
        '    first = tf.layers.dense(features["x"], 3, act, name="f")\n    act = None\n'
        '    again = tf.layers.dense(features["x"], 3, act, name="f", reuse=True)\n',
    ),
    "averages that one tower updates and the other reads": (
        "        h = tf.layers.dropout(h, 0.25, training=is_training)\n",
        "        h = tf.layers.batch_normalization(h, training=is_training)\n",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_layer_that_does_something_else_with_the_same_variables_refuses(name: str) -> None:
    before, after = DIFFERENT[name]
    text = TOWERS.replace(before, after)
    if "first" in after:
        text = text.replace('{"y": tested}', '{"y": tested, "z": first + again}')
    assert {rule for rule, _ in refused(towers(text))} == {"reused-alike"}


def test_an_argument_that_decides_what_is_made_refuses() -> None:
    text = TOWERS.replace("tf.layers.dense(h, 1)", "tf.layers.dense(h, 1 if is_training else 1)")
    assert {rule for rule, _ in refused(towers(text))} == {"entry-static"}


CURRENT = TOWERS.replace(
    '    with tf.variable_scope("net", reuse=reuse):\n',
    '    with tf.variable_scope("net"):\n        if reuse:\n            tf.get_variable_scope().reuse_variables()\n',
)
ENTERED = TOWERS.replace('variable_scope("net", reuse=reuse)', "variable_scope(tf.get_variable_scope(), reuse=reuse)")
OBJECT = """
def model_fn(features, labels, mode):
    with tf.variable_scope("net") as net:
        hidden = tf.layers.dense(features["x"], 4)
        one = tf.layers.dense(hidden, 1, name="out")
    with tf.variable_scope(net):
        more = tf.layers.dense(features["x"], 4, name="more")
    with tf.variable_scope(net, reuse=True):
        two = tf.layers.dense(more, 1, name="out")
    logits = one + two
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


@pytest.mark.parametrize("text", [CURRENT, ENTERED], ids=["told to reuse", "entered again"])
def test_the_current_scope_may_reuse_what_is_in_it(text: str) -> None:
    after = converted(towers(text))["train.py"]
    assert after.count("self.network(features") == 2 and "get_variable_scope" not in after


def test_a_scope_entered_through_its_object_holds_the_same_layers() -> None:
    after = converted(towers(OBJECT))["train.py"]
    assert "self.out(more)" in after
    assert after.count("keras.layers.Dense(1") == 1


def test_a_current_scope_kept_under_a_name_refuses() -> None:
    kept = CURRENT.replace(
        "            tf.get_variable_scope().reuse", "            s = tf.get_variable_scope()\n            s.reuse"
    )
    assert "scope-object" in {rule for rule, _ in refused(towers(kept))}


@pytest.mark.runtime
@pytest.mark.parametrize(
    "text", [CURRENT, ENTERED, OBJECT], ids=["told to reuse", "entered again", "through its object"]
)
def test_it_computes_the_same(text: str, tmp_path: pathlib.Path) -> None:
    from .test_proofs import prove

    prove(towers(text), "legacy", tmp_path)


DEEP = """
DEPTH = int(os.environ.get("DEPTH", "2"))


def tower(x):
    with tf.variable_scope("tower", reuse=tf.AUTO_REUSE):
        for i in range(DEPTH):
            x = tf.layers.dense(x, 4, activation=tf.nn.relu, name="fc_%d" % i)
            x = tf.layers.dense(x, 4)
        return tf.layers.dense(x, 1, name="out")


def model_fn(features, labels, mode):
    logits = tower(features["x"]) - tower(tf.square(features["x"]))
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
DEEP_HEAD = "import os\n" + HEAD


def test_towers_of_layers_made_in_a_loop_are_one() -> None:
    text = converted(program(model_fn=DEEP, head=DEEP_HEAD))["train.py"]
    assert 'self.tower(features["x"]) - self.tower(tf.square(features["x"]))' in text


def test_trips_that_may_share_variables_refuse() -> None:
    before, after = 'name="fc_%d" % i', 'name="fc_%d" % (i % 2)'
    assert before in DEEP
    text = program(model_fn=DEEP.replace(before, after), head=DEEP_HEAD)
    assert "reuse-unknown" in {rule for rule, _ in refused(text)}


@pytest.mark.runtime
def test_towers_made_in_a_loop_compute_the_same(tmp_path: pathlib.Path) -> None:
    from .test_proofs import prove

    prove(program(model_fn=DEEP, head=DEEP_HEAD), "legacy", tmp_path)
