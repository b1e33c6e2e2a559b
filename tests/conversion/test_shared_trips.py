"""Loops whose trips share variables: one layer, made before the loop and called on each trip."""

from __future__ import annotations

import pathlib
import re
import textwrap

import pytest

from .small import HEAD, converted, program, refused

PROGRAM = """
DEPTH = int(os.environ.get("DEPTH", "3"))
WIDE = bool(os.environ.get("WIDE", ""))


def block(t, size):
    with tf.variable_scope("block"):
        h = tf.layers.dense(t, size, activation=tf.nn.relu, name="a")
        return tf.layers.dense(h, size, name="b")


def scaled(t, rate):
    with tf.variable_scope("scaled", reuse=tf.AUTO_REUSE):
        return rate * tf.layers.dense(t, 3, name="a")


def either(t, wide):
    with tf.variable_scope("either", reuse=tf.AUTO_REUSE):
        if wide:
            t = tf.layers.dense(t, 5, activation=tf.nn.relu)
            return tf.layers.dense(t, 3)
        return tf.layers.dense(t, 3)


def mixed(t, level):
    with tf.variable_scope("mixed", reuse=tf.AUTO_REUSE):
        t = tf.layers.dense(t, 3, name="a")
        return tf.layers.dense(t, 3, name="b_%d" % level)


def tower(x):
{body}
    return tf.layers.dense(x, 1, name="out")


def model_fn(features, labels, mode):
    logits = tower(features["x"])
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""

SHARED = {
    "a counted loop": """
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            for i in range(3):
                x = tf.layers.dense(x, 3, name="fc")
    """,
    "a loop of unknown length": """
        with tf.variable_scope("net", reuse=tf.AUTO_REUSE):
            for i in range(DEPTH):
                x = tf.layers.dense(x, 3, name="fc")
    """,
    "told by the counter": """
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=True if i > 0 else False):
                with tf.variable_scope("attention"):
                    x = tf.layers.dense(x, 3, activation=tf.nn.relu)
                with tf.variable_scope("output"):
                    x = x + tf.layers.dense(x, 3)
    """,
    "told by a name that the first trip sets": """
        reuse = None
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=reuse):
                x = block(x, 3)
            reuse = True
    """,
    "told by reuse_variables": """
        for i in range(DEPTH):
            with tf.variable_scope("shared"):
                if i > 0:
                    tf.get_variable_scope().reuse_variables()
                x = block(x, 3)
    """,
    "reuse_variables after the first trip": """
        with tf.variable_scope("shared"):
            for i in range(3):
                x = block(x, 3)
                tf.get_variable_scope().reuse_variables()
    """,
    "twice on each trip": """
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
                x = block(x, 3) - block(2.0 * x, 3)
    """,
    "a variable shared, another not": """
        with tf.variable_scope("cross", reuse=tf.AUTO_REUSE):
            for i in range(DEPTH):
                w = tf.get_variable("w", [3, 3])
                b = tf.get_variable("b_%d" % i, [3], initializer=tf.zeros_initializer())
                x = tf.matmul(x, w) + b
    """,
    "used again in a second loop": """
        outs = []
        with tf.variable_scope("heads", reuse=tf.AUTO_REUSE):
            for i in range(DEPTH):
                outs.append(tf.layers.dense(x * float(i), 3, name="fc"))
            for out in outs:
                x = x + tf.layers.dense(out, 3, name="fc")
    """,
    "a comprehension": """
        with tf.variable_scope("heads", reuse=tf.AUTO_REUSE):
            x = tf.add_n([tf.layers.dense(x * float(i), 3, name="fc") for i in range(DEPTH)])
    """,
    "inside a loop that makes its own": """
        for i in range(DEPTH):
            with tf.variable_scope("level_%d" % i, reuse=tf.AUTO_REUSE):
                for j in range(2):
                    x = tf.layers.dense(x, 3, name="fc")
    """,
    "another argument on each trip": """
        for rate in (1.0, 2.0, 4.0):
            x = scaled(x, rate)
    """,
    "two ways through one network": """
        x = either(x, WIDE) - either(2.0 * x, WIDE)
    """,
    "a layer object": """
        layer = tf.layers.Dense(3)
        for i in range(DEPTH):
            x = layer(x)
    """,
    "a layer object in a counted loop": """
        again = tf.layers.Dense(3)
        for i in range(3):
            x = again(x)
    """,
}


def indented(body: str) -> str:
    """Statements, one level deeper."""
    return textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")


def of(body: str) -> str:
    """A program whose network holds these statements."""
    return program(model_fn=PROGRAM.replace("{body}", indented(body)), head="import os\n" + HEAD)


def tower(body: str) -> str:
    """The class that the network becomes."""
    text = converted(of(body))["train.py"]
    found = re.search(r"class Tower.*?(?=\n\n\nclass )", text, re.DOTALL)
    assert found
    return found.group()


@pytest.mark.parametrize("name", ["a counted loop", "a loop of unknown length"])
def test_one_layer_is_made_before_the_loop_and_called_on_each_trip(name: str) -> None:
    text = tower(SHARED[name])
    assert '        self.fc = keras.layers.Dense(3, name="fc")\n' in text
    assert "            x = self.fc(x)\n" in text


@pytest.mark.parametrize("name", [n for n in SHARED if n.startswith(("told", "reuse_variables"))])
def test_trips_that_are_told_to_reuse_share_as_well(name: str) -> None:
    text = tower(SHARED[name])
    assert "append(" not in text and "for " not in text.partition("def call")[0]


def test_two_calls_of_one_trip_share_what_the_loop_shares() -> None:
    assert "x = self.block(x) - self.block(2.0 * x)" in tower(SHARED["twice on each trip"])


def test_what_each_trip_makes_for_itself_stays_a_list() -> None:
    text = tower(SHARED["a variable shared, another not"])
    assert "        self.w = self.add_weight(name='w', shape=[3, 3]" in text
    assert "            self.weights_2.append(" in text


def test_what_trips_are_told_differently_is_told_with_each_call() -> None:
    assert "x = self.scaled(x, rate=rate)" in tower(SHARED["another argument on each trip"])


def test_layers_without_names_are_made_by_each_trip_of_both_loops() -> None:
    text = tower("for i in range(DEPTH):\n    for j in range(2):\n        x = tf.layers.dense(x, 3)")
    assert "dense_group.append(keras.layers.Dense(3))" in text


def test_what_one_way_makes_is_not_there_on_the_other() -> None:
    text = converted(of(SHARED["two ways through one network"]))["train.py"]
    assert "self.either = Either(WIDE)" in text
    assert text.count("keras.layers.Dense(3)") == 2


def test_a_layer_object_that_is_called_before_another_layer_returns_is_kept() -> None:
    assert "        self.layer = keras.layers.Dense(3)\n" in tower(SHARED["a layer object"])


REFUSED = {
    "some of a trip is shared": "for i in range(3):\n    x = mixed(x, i)",
    "some of a trip is shared, its length unknown": "for i in range(DEPTH):\n    x = mixed(x, i)",
    "every other trip": """
        with tf.variable_scope("level", reuse=tf.AUTO_REUSE):
            for j in range(4):
                x = tf.layers.dense(x, 3, name="fc_%d" % (j % 2))
    """,
    "an inner loop that makes its own": """
        for i in range(DEPTH):
            with tf.variable_scope("level", reuse=tf.AUTO_REUSE):
                for j in range(2):
                    x = tf.layers.dense(x, 3, name="fc_%d" % j)
    """,
    "a number that the first trip takes": """
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
                if i == 0:
                    x = tf.layers.dense(x, 3)
                x = tf.layers.dense(x, 3)
    """,
    "a name that is not known": """
        with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
            for i in range(DEPTH):
                x = tf.layers.dense(x, 3, name="fc_%d" % (i // 2))
    """,
    "made on some trips only": """
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
                if i > 1:
                    x = tf.layers.dense(x, 3, name="fc")
    """,
}
DIFFERENT = {
    "a size that follows the counter": """
        for i in range(DEPTH):
            with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
                x = tf.layers.dense(x, 3 + 0 * i, name="fc")
    """,
    "another activation on each trip": """
        for act in (tf.nn.relu, tf.nn.tanh):
            with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
                x = tf.layers.dense(x, 3, activation=act, name="fc")
    """,
    "averages that the first trip updates": """
        for j in range(3):
            with tf.variable_scope("level", reuse=tf.AUTO_REUSE):
                x = tf.layers.batch_normalization(x, training=j == 0, name="bn")
    """,
}


@pytest.mark.parametrize("name", REFUSED)
def test_trips_that_share_a_part_or_nobody_knows_what_refuse(name: str) -> None:
    assert {rule for rule, _ in refused(of(REFUSED[name]))} == {"reuse-unknown"}


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_shared_layer_that_differs_from_trip_to_trip_refuses(name: str) -> None:
    assert {rule for rule, _ in refused(of(DIFFERENT[name]))} == {"reused-alike"}


@pytest.mark.runtime
def test_it_computes_the_same(tmp_path: pathlib.Path) -> None:
    from .test_proofs import prove

    parts = [f'with tf.variable_scope("part_{n}"):\n{indented(body)}' for n, body in enumerate(SHARED.values())]
    prove(of("\n".join(parts)), "legacy", tmp_path)
