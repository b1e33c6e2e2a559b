"""Layers made through a partial function, or through another name of the function that makes them."""

from __future__ import annotations

import pathlib

import pytest

from .small import HEAD, converted, program, refused
from .test_proofs import prove

FORWARD = """
PARTIAL
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x = features["x"]
BODY
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1)) + tf.losses.get_regularization_loss()
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
RELU = "dense = functools.partial(tf.layers.dense, activation=tf.nn.relu)\n"
NESTED = (
    "dense = functools.partial(tf.layers.dense, use_bias=False, activation=tf.nn.relu)\n"
    "tanh_dense = functools.partial(dense, activation=tf.nn.tanh)\n"
)
REGULARISED = (
    "start = tf.truncated_normal_initializer(stddev=0.1)\n"
    "dense = functools.partial(tf.layers.dense, kernel_initializer=start,\n"
    "                          kernel_regularizer=tf.keras.regularizers.l2(0.01))\n"
)


def flat(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split()).replace("( ", "(")


def called(body: str, top: str = "") -> str:
    """A program with these lines in its model_fn and above it."""
    lines = "".join(f"    {line}\n" for line in body.rstrip("\n").split("\n"))
    text = FORWARD.replace("PARTIAL\n", top and f"{top}\n\n").replace("BODY\n", lines)
    return program(model_fn=text, head=f"import functools\n{HEAD}")


def test_the_arguments_of_a_partial_function_are_those_of_the_layer() -> None:
    text = converted(called(RELU + "logits = dense(dense(x, 4), 1, activation=None)"))["train.py"]
    assert "self.dense = keras.layers.Dense(4, activation='relu')\n" in text
    assert "keras.layers.Dense(1)\n" in text and "functools" not in text


def test_a_partial_function_of_a_partial_function_adds_to_it() -> None:
    text = converted(called(NESTED + "logits = dense(tanh_dense(x, 4), 1)"))["train.py"]
    assert "keras.layers.Dense(4, activation='tanh', use_bias=False)" in text
    assert "keras.layers.Dense(1, activation='relu', use_bias=False)" in text


def test_a_name_at_the_top_of_the_file_goes_with_its_calls() -> None:
    for top in ("dense = tf.layers.dense\n", RELU):
        text = converted(called("logits = dense(dense(x, 4), 1)", top))["train.py"]
        assert "tf.layers" not in text and "\ndense = " not in text


def test_what_a_partial_function_at_the_top_is_given_is_written_anew() -> None:
    top = "dense = functools.partial(tf.layers.dense, kernel_initializer=tf.truncated_normal_initializer(stddev=0.1))\n"
    text = converted(called("logits = dense(x, 1)", top))["train.py"]
    assert "keras.initializers.TruncatedNormal(stddev=0.1)" in text


CLASSES = """made = functools.partial(tf.layers.Dense, activation=tf.nn.relu, kernel_initializer=start)
h = made(4, kernel_regularizer=tf.keras.regularizers.l2(0.01))(x)
h = made(units=3, name="second").apply(h)
h = tf.layers.dropout(h, 0.25, training=training)
logits = made(1, activation=None)(h)
"""
START = "start = tf.truncated_normal_initializer(stddev=0.1)\n"
DROPS = """drop = functools.partial(tf.layers.Dropout, rate=0.4)
h = drop()(tf.layers.dense(x, 4), training=training)
logits = drop(rate=0.25)(tf.layers.dense(h, 1), training=training)
"""
LOOP = """made = functools.partial(tf.keras.layers.Dense, activation="relu")
for units in [4, 3]:
    x = made(units)(x)
logits = tf.keras.layers.Dense(1)(x)
"""


def test_an_object_of_a_layer_class_is_made_with_the_arguments_of_its_partial_function() -> None:
    text = converted(called(START + CLASSES))["train.py"]
    assert flat("keras.layers.Dense(4, activation='relu', kernel_initializer=") in flat(text)
    assert "made" not in text and "functools" not in text
    top = "made = functools.partial(tf.layers.Dense, activation=tf.nn.relu)\n"
    text = converted(called("logits = made(1)(made(4)(x))", top))["train.py"]
    assert text.count("keras.layers.Dense(") == 2 and "made" not in text


def test_layers_of_a_loop_are_made_so() -> None:
    assert 'keras.layers.Dense(units, activation="relu")' in flat(converted(called(LOOP))["train.py"])


def test_a_partial_function_of_a_layer_class_by_two_ways_is_refused() -> None:
    ways = "made = functools.partial(tf.layers.Dense, activation=tf.nn.relu if training else tf.nn.tanh)\n"
    assert refused(called(ways + "logits = made(1)(x)"))
    given = "logits = block(x, functools.partial(tf.layers.Dense, units=1))"
    assert "partial" in {rule for rule, _ in refused(called(given, "def block(x, made):\n    return made()(x)\n"))}


@pytest.mark.parametrize(
    ("body", "top"),
    [
        (
            "act = tf.nn.relu\ndense = functools.partial(tf.layers.dense, activation=act)\n"
            "act = None\nlogits = dense(x, 1)",
            "",
        ),
        (
            "logits = x\nfor n in (4, 1):\n    dense = functools.partial(tf.layers.dense, units=n)\n"
            "    logits = dense(logits)",
            "",
        ),
        ("logits = block(x, functools.partial(tf.layers.dense, units=1))", "def block(x, fn):\n    return fn(x)\n"),
        ("made = functools.partial(tf.get_variable, shape=[3, 1])\nlogits = tf.matmul(x, made('w'))", ""),
        ("drop = functools.partial(tf.nn.dropout, keep_prob=0.5)\nlogits = drop(tf.layers.dense(x, 1))", ""),
    ],
    ids=["bound anew", "another on each trip", "called in another function", "a variable", "an operation"],
)
def test_it_is_refused(body: str, top: str) -> None:
    assert "partial" in {rule for rule, _ in refused(called(body, top))}


@pytest.mark.runtime
@pytest.mark.parametrize(
    "body",
    [
        NESTED + "logits = dense(tanh_dense(x, 4), 1)",
        REGULARISED + "logits = dense(dense(x, 4), 1)",
        START + CLASSES,
        DROPS,
        LOOP,
        'options = {"units": 4, "activation": tf.nn.relu}\nlogits = tf.layers.dense(tf.layers.dense(x, **options), 1)',
    ],
)
def test_it_computes_the_same(body: str, tmp_path: pathlib.Path) -> None:
    prove(called(body), "legacy", tmp_path)


BLOCK = "def block(x, units, activation=None):\n    return tf.layers.dense(x, units, activation=activation)\n"


def test_a_partial_function_of_the_program_s_own_makes_its_layers() -> None:
    top = f"{BLOCK}\n\nrelu = functools.partial(block, units=4, activation=tf.nn.relu)\n"
    text = converted(called("logits = block(relu(x), 1)", top))["train.py"]
    assert "relu = functools.partial(Block, units=4, activation=tf.nn.relu)" in text
    assert "        self.block = relu()\n        self.block_2 = Block(1)\n" in text


@pytest.mark.parametrize("made", ["functools.partial(block, x)", "functools.partial(block, x=x)"])
def test_a_partial_function_that_is_given_a_tensor_is_refused(made: str) -> None:
    text = called(f"made = {made}\nlogits = made(units=1)", BLOCK)
    assert "partial" in {rule for rule, _ in refused(text)}


SPREAD = 'options = {"units": 4, "activation": tf.nn.relu}\n'


@pytest.mark.parametrize(
    "made", [SPREAD, "options = dict(units=4, activation=tf.nn.relu)\n"], ids=["written out", "made by dict"]
)
def test_a_dictionary_passed_with_stars_is_its_items(made: str) -> None:
    text = converted(called(made + "logits = tf.layers.dense(tf.layers.dense(x, **options), 1)"))["train.py"]
    assert "keras.layers.Dense(units=4, activation='relu')" in text and "options" not in text


@pytest.mark.parametrize(
    "body",
    [
        SPREAD + 'options["units"] = 5\nlogits = tf.layers.dense(tf.layers.dense(x, **options), 1)',
        SPREAD + "options.update(units=5)\nlogits = tf.layers.dense(tf.layers.dense(x, **options), 1)",
        SPREAD + "options = {}\nlogits = tf.layers.dense(tf.layers.dense(x, **options), 1)",
        'size = 4\noptions = {"units": size}\nsize = 5\nlogits = tf.layers.dense(tf.layers.dense(x, **options), 1)',
    ],
    ids=["an item set", "updated", "bound twice", "another value by then"],
)
def test_a_dictionary_that_may_have_changed_is_not_followed(body: str) -> None:
    assert refused(called(body))
