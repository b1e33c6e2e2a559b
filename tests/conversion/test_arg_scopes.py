"""`arg_scope` gives layers defaults, and `normalizer_fn` puts a layer between another and its activation."""

from __future__ import annotations

import pathlib

import pytest

from .small import converted, program, refused
from .test_proofs import prove

HEAD = "import numpy as np\nimport tensorflow as tf\n\nslim = tf.contrib.slim\n"
MODEL = """
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x = features["x"]
BODY
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1)) + tf.losses.get_regularization_loss()
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.GradientDescentOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
DENSE = "slim.fully_connected"


def called(body: str, top: str = "", head: str = HEAD) -> str:
    """A program with these lines in its model_fn and above it."""
    lines = "".join(f"    {line}\n" for line in body.rstrip("\n").split("\n"))
    above = f"{top.rstrip()}\n\n" if top else ""
    return program(model_fn=above + MODEL.replace("BODY\n", lines), head=head)


def flat(text: str) -> str:
    """A text without its line breaks."""
    return " ".join(text.split())


# ------------------------------------------------------------------------------------------------------- defaults
IN_PLACE = f"""with slim.arg_scope([{DENSE}], activation_fn=tf.nn.tanh, weights_regularizer=slim.l2_regularizer(0.1)):
    h = {DENSE}(x, 4)
    logits = {DENSE}(h, 1, activation_fn=None)
"""
BLOCK = f"def block(x, units):\n    return {DENSE}(x, units)\n"
BY_HELPER = f"""with slim.arg_scope([{DENSE}], activation_fn=tf.nn.tanh):
    h = block(x, 4)
    logits = {DENSE}(h, 1, activation_fn=None)
"""
NESTED = f"""with slim.arg_scope([{DENSE}], activation_fn=tf.nn.tanh, biases_initializer=None):
    with slim.arg_scope([{DENSE}], activation_fn=tf.nn.sigmoid):
        h = block(x, 4)
    logits = {DENSE}(h, 1)
"""
KEPT = f"""
def defaults(decay=0.1):
    with slim.arg_scope(
        [{DENSE}], weights_regularizer=slim.l2_regularizer(decay), weights_initializer=slim.xavier_initializer()
    ):
        with slim.arg_scope([{DENSE}], activation_fn=tf.nn.tanh) as sc:
            return sc


"""
ALONE_KEPT, KEPT = KEPT, f"{KEPT}{BLOCK}"
BY_FUNCTION = f"with slim.arg_scope(defaults(decay=0.3)):\n    logits = {DENSE}(block(x, 4), 1, activation_fn=None)"
REPLACED = f"""with slim.arg_scope([{DENSE}], biases_initializer=None):
    kept = defaults()
with slim.arg_scope([{DENSE}], trainable=False):
    with slim.arg_scope(kept):
        h = {DENSE}(x, 4)
    logits = {DENSE}(h, 1)
"""


def test_the_defaults_are_written_at_each_layer() -> None:
    text = converted(called(IN_PLACE))["train.py"]
    assert "keras.layers.Dense( 4, activation='tanh', kernel_regularizer=" in flat(text)
    assert text.count("kernel_regularizer=keras.regularizers.L2(0.5 * 0.1)") == 2
    assert "arg_scope" not in text and "slim" not in text


def test_a_layer_in_another_function_has_them_too() -> None:
    text = converted(called(BY_HELPER, BLOCK))["train.py"]
    assert "keras.layers.Dense(units, activation='tanh')" in text and "keras.layers.Dense(1)" in text


def test_those_of_an_inner_scope_go_before() -> None:
    text = converted(called(NESTED, BLOCK))["train.py"]
    assert "keras.layers.Dense( units, activation='sigmoid', use_bias=False )" in flat(text)
    assert "keras.layers.Dense(1, activation='tanh', use_bias=False)" in text


def test_a_function_that_gives_the_scope_goes() -> None:
    text = converted(called(BY_FUNCTION, KEPT))["train.py"]
    assert "def defaults" not in text and text.count("keras.regularizers.L2(l2=0.5 * 0.3)") == 2


def test_a_scope_under_a_name_replaces_those_around_it() -> None:
    text = converted(called(REPLACED, ALONE_KEPT))["train.py"]
    first = text.partition("self.fully_connected = ")[2].partition("self.")[0]
    assert "use_bias=False" in first and "kernel_regularizer" in first and "trainable" not in first
    assert "keras.layers.Dense(1, activation='relu', trainable=False)" in text


def test_flags_are_read_where_the_layer_is_made() -> None:
    head = f"{HEAD}FLAGS = tf.app.flags.FLAGS\ntf.app.flags.DEFINE_float('decay', 0.1, 'decay')\n"
    text = converted(called(BY_FUNCTION.replace("0.3", "FLAGS.decay"), KEPT, head))["train.py"]
    assert text.count("keras.regularizers.L2(l2=0.5 * FLAGS.decay)") == 2


@pytest.mark.parametrize(
    ("body", "top", "rule"),
    [
        (f"wd = features['wd']\n{BY_FUNCTION.replace('0.3', 'wd')}", KEPT, "arg-scope"),
        (
            "with slim.arg_scope([block], units=1):\n    logits = block(x)",
            f"@slim.add_arg_scope\n{BLOCK}",
            "arg-scope",
        ),
        (f"with slim.arg_scope([slim.model_variable], device='/cpu:0'):\n    logits = {DENSE}(x, 1)", "", "arg-scope"),
        (f"with slim.arg_scope([{DENSE}], biases_initializer=None):\n    logits = slim.linear(x, 1)", "", "arg-scope"),
        (
            f"h = block(x, 4)\nwith slim.arg_scope([{DENSE}], activation_fn=None):\n    logits = block(h, 1)",
            BLOCK,
            "partial",
        ),
        (
            f"sc = defaults() if KIND else defaults(0.2)\nwith slim.arg_scope(sc):\n    logits = {DENSE}(x, 1)",
            f"KIND = len(tf.__version__) > 5\n\n{ALONE_KEPT}",
            "arg-scope",
        ),
        (
            f"act = tf.nn.tanh\nwith slim.arg_scope([{DENSE}], 1):\n    logits = {DENSE}(x, 1)",
            "",
            "arg-scope",
        ),
    ],
    ids=[
        "a tensor",
        "an own function",
        "variables",
        "a layer made of another",
        "in one call only",
        "chosen",
        "unnamed",
    ],
)
def test_defaults_that_cannot_be_followed_are_refused(body: str, top: str, rule: str) -> None:
    assert rule in {found for found, _ in refused(called(body, top))}


# ---------------------------------------------------------------------------------------------------- normalisers
PARAMS = "{'is_training': training, 'decay': 0.9, 'scale': True}"
NORMED = f"""h = {DENSE}(x, 4, tf.nn.elu, slim.batch_norm, {PARAMS})
logits = {DENSE}(h, 1, activation_fn=None)
"""
PLAIN = f"h = {DENSE}(x, 4, normalizer_fn=slim.layer_norm)\nlogits = {DENSE}(h, 1, activation_fn=None)"
SCOPED = f"""params = {PARAMS}
with slim.arg_scope([{DENSE}], normalizer_fn=slim.batch_norm, normalizer_params=params):
    with slim.arg_scope([slim.batch_norm], epsilon=0.01, decay=0.5):
        h = block(x, 4)
    logits = {DENSE}(h, 1, activation_fn=None, normalizer_fn=None)
"""
ALONE = f"""with slim.arg_scope([slim.batch_norm, slim.dropout], is_training=training):
    h = slim.batch_norm(block(x, 4), decay=0.9)
    logits = {DENSE}(slim.dropout(h, 0.8), 1, activation_fn=None)
"""
SHARED = f"""for reuse in (None, True):
    h = {DENSE}(x, 4, normalizer_fn=slim.batch_norm, normalizer_params={PARAMS}, reuse=reuse, scope='one')
logits = {DENSE}(h, 1, activation_fn=None)
"""
BY_FLAG = "norm = slim.batch_norm if features is None else None\n" + PLAIN.replace("slim.layer_norm", "norm")


def test_a_normalised_layer_becomes_the_layers_that_it_is_made_of() -> None:
    text = converted(called(NORMED))["train.py"]
    assert "keras.layers.Dense(4, use_bias=False)," in text
    assert "FusedBatchNormalization(momentum=0.9, flat=True)," in text
    assert "keras.layers.Activation('elu')," in text
    assert "h = self.fully_connected(x, training=training)" in text


def test_the_default_activation_comes_last() -> None:
    text = converted(called(PLAIN))["train.py"]
    assert "LayerNorm()," in text and "keras.layers.Activation('relu')," in text
    assert "h = self.fully_connected(x)" in text


def test_what_normalises_has_the_defaults_of_its_scope_and_then_its_params() -> None:
    text = converted(called(SCOPED, BLOCK))["train.py"]
    assert "FusedBatchNormalization(momentum=0.9, epsilon=0.01, flat=True)" in text
    assert "keras.layers.Dense(1)" in text


def test_a_scope_tells_batch_norm_and_dropout_whether_they_train() -> None:
    text = converted(called(ALONE, BLOCK))["train.py"]
    assert "self.batch_norm(self.block(x), training=training)" in text
    assert "self.dropout(h, training=training)" in text


@pytest.mark.parametrize(
    "body",
    [
        BY_FLAG,
        PLAIN.replace("slim.layer_norm", "slim.unit_norm"),
        PLAIN.replace("slim.layer_norm", "lambda x: x"),
        NORMED.replace("'scale': True", "'scope': 'bn'"),
        NORMED.replace("'scale': True", "'activation_fn': tf.nn.relu"),
        NORMED.replace("0.9", "features['decay']"),
        NORMED.replace(PARAMS, "features"),
    ],
    ids=["chosen", "not measured", "a lambda", "named", "active", "a tensor among its params", "unknown params"],
)
def test_what_normalises_in_another_way_is_refused(body: str) -> None:
    assert {"normalizer", "arg-scope"} & {rule for rule, _ in refused(called(body))}


# ---------------------------------------------------------------------------------------------------- repetitions
REPEATED = f"""start = tf.truncated_normal_initializer(stddev=0.1)
with slim.arg_scope([{DENSE}], normalizer_fn=slim.batch_norm, normalizer_params={PARAMS}):
    h = slim.repeat(x, 2, {DENSE}, 4, weights_initializer=start, scope='fc')
logits = {DENSE}(h, 1, activation_fn=None)
"""


def test_a_repeated_layer_becomes_as_many_layers() -> None:
    text = flat(converted(called(REPEATED))["train.py"])
    assert "name='fc_1'" in text and "name='fc_2'" in text and "'fc_3'" not in text
    assert text.count("kernel_initializer=start.clone()") == 2
    assert text.count("FusedBatchNormalization(momentum=0.9, flat=True),") == 2
    assert "h = self.fc(x, training=training)" in text


@pytest.mark.parametrize(
    "body",
    [
        REPEATED.replace(", scope='fc'", ""),
        REPEATED.replace("x, 2", "x, len(tf.__version__)"),
        REPEATED.replace("x, 2", "x, 3 if training else 2"),
        REPEATED.replace(f"2, {DENSE}, 4,", "2, lambda x: x,"),
        REPEATED.replace(f"2, {DENSE}, 4,", "2, slim.batch_norm,"),
    ],
    ids=["unnamed", "unknown", "by the mode", "a lambda", "told whether it trains"],
)
def test_a_repetition_that_cannot_be_told_is_refused(body: str) -> None:
    assert "repeat" in {rule for rule, _ in refused(called(body))}


# ---------------------------------------------------------------------------------------------------------- proofs
PROVEN = {
    "in place": called(IN_PLACE),
    "by a helper": called(NESTED, BLOCK),
    "by a function": called(BY_FUNCTION, KEPT),
    "replaced": called(REPLACED.replace("trainable=False", "activation_fn=None"), ALONE_KEPT),
    "batch norm": called(NORMED),
    "layer norm": called(PLAIN),
    "repeated": called(REPEATED),
    "batch norm by a scope": called(SCOPED, BLOCK),
    "told by a scope": called(ALONE.replace(", slim.dropout]", "]").replace("slim.dropout(h, 0.8)", "h"), BLOCK),
}


@pytest.mark.runtime
@pytest.mark.parametrize("name", PROVEN)
def test_the_numbers_are_the_same(name: str, tmp_path: pathlib.Path) -> None:
    prove(PROVEN[name], "legacy", tmp_path)


@pytest.mark.runtime
@pytest.mark.parametrize("name", ["replaced", "repeated", "layer norm"])
def test_they_are_the_same_in_tensorflow_1(name: str, tmp_path: pathlib.Path) -> None:
    prove(PROVEN[name], "tf1", tmp_path)
