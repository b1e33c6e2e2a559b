"""The fakes: TensorFlow 1's naming and sharing rules, and Keras' tracking, training flag and reserved names."""

from __future__ import annotations

from typing import Any

import pytest

from . import fake_keras, sandbox, staged, symbolic
from .fake_tf import TENSORFLOW as tf
from .keras_layers import MadeTooLate
from .legacy_scopes import fresh_store
from .symbolic import Record, make, recording


def made(body: Any) -> list[str]:
    """The variables of a function that builds on one feature."""
    record = Record()
    with recording(record), fresh_store():
        body(make("input", "x", 6, static=(None, 6)))
    return [name for name in record.variables if "kernel" in name]


def test_default_names_count_within_one_activation_of_a_scope() -> None:
    def body(x: Any) -> None:
        tf.layers.dense(x, 2)
        with tf.variable_scope("a"):
            tf.layers.dense(x, 2)
            tf.layers.dense(x, 2)
        tf.layers.dense(x, 2)

    assert made(body) == ["dense/kernel", "a/dense/kernel", "a/dense_1/kernel", "dense_1/kernel"]


def test_entering_a_scope_again_starts_at_the_first_default_name() -> None:
    def body(x: Any) -> None:
        for _ in range(2):
            with tf.variable_scope("a"):
                tf.layers.dense(x, 2)

    with pytest.raises(ValueError, match="already exists"):
        made(body)


def test_auto_reuse_shares_from_the_first_default_name() -> None:
    def body(x: Any) -> None:
        for _ in range(2):
            with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
                tf.layers.dense(x, 2)

    assert made(body) == ["a/dense/kernel"]


def test_sharing_with_another_shape_fails() -> None:
    def body(x: Any) -> None:
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            tf.layers.dense(x, 2, name="fc")
            tf.layers.dense(x, 3, name="fc")

    with pytest.raises(ValueError, match="Trying to share variable a/fc/kernel"):
        made(body)


def test_an_explicit_name_occupies_itself_only() -> None:
    def body(x: Any) -> None:
        for name in ("dense", None, "dense_3", None, None):
            tf.layers.dense(x, 2, name=name)

    assert made(body) == [f"dense{n}/kernel" for n in ("", "_1", "_3", "_2", "_4")]


def test_a_default_scope_name_is_numbered() -> None:
    def body(x: Any) -> None:
        for _ in range(2):
            with tf.variable_scope(None, default_name="blk"):
                tf.layers.dense(x, 2)

    assert made(body) == ["blk/dense/kernel", "blk_1/dense/kernel"]


def test_a_layer_object_takes_its_name_at_its_first_call() -> None:
    def body(x: Any) -> None:
        layer = tf.layers.Dense(6)
        tf.layers.dense(x, 2)
        layer(layer(x))

    assert made(body) == ["dense/kernel", "dense_1/kernel"]


def test_equal_expressions_are_one_object_and_random_draws_are_not() -> None:
    x = make("input", "x", 6, static=(None, 6))
    with recording(Record()):
        assert tf.nn.relu(x) + 1.0 is tf.nn.relu(x) + 1.0
        assert tf.nn.relu(x) + 1.0 is not 1.0 + tf.nn.relu(x)
        assert tf.nn.dropout(x, keep_prob=0.5) is not tf.nn.dropout(x, keep_prob=0.5)


def test_a_tensor_is_no_condition_and_no_iterable() -> None:
    x = make("input", "x", 6, static=(None, 6))
    with pytest.raises(TypeError):
        bool(x)
    with pytest.raises(TypeError):
        list(x)


def test_widths_must_fit() -> None:
    x, y = make("input", "x", 6, static=(None, 6)), make("input", "y", static=(None, 4))
    with pytest.raises(ValueError, match="dimensions must be equal"):
        x + y


KERAS = fake_keras.modules()["keras"]


def keras_model(code: str) -> Any:
    """The class `Model` of a piece of source run under the fake Keras."""
    return sandbox.namespace(code, fake_keras.modules())["Model"]


def test_layers_must_be_made_once() -> None:
    model = keras_model(
        "import keras\nclass Model(keras.Model):\n    def call(self, x):\n        return keras.layers.Dense(2)(x)\n"
    )
    with recording(Record(legacy=False)), pytest.raises(MadeTooLate):
        model()(make("input", "x", 6, static=(None, 6)))


def test_layers_may_be_made_in_build() -> None:
    model = keras_model(
        "import keras\nclass Model(keras.Model):\n"
        "    def build(self, shape):\n        self.fc = keras.layers.Dense(shape[-1])\n"
        "    def call(self, x):\n        return self.fc(x)\n"
    )
    record = Record(legacy=False)
    with recording(record):
        x = make("input", "x", 6, static=(None, 6))
        built = model()
        assert built(x) is built(x)
    assert list(record.variables.values()) == [(6, 6), (6,)]


@pytest.mark.parametrize("name", ["weights", "layers", "losses", "dtype", "path", "input", "output", "metrics"])
def test_reserved_attributes_cannot_be_set(name: str) -> None:
    with recording(Record(legacy=False)), pytest.raises(AttributeError):
        setattr(KERAS.layers.Layer(), name, 3)


def test_a_layer_attribute_needs_the_parent_constructor_first() -> None:
    model = keras_model(
        "import keras\nclass Model(keras.Model):\n    def __init__(self):\n        self.fc = keras.layers.Dense(2)\n"
    )
    with recording(Record(legacy=False)), pytest.raises(RuntimeError, match="super"):
        model()


def test_the_training_flag_reaches_inner_layers_unless_given() -> None:
    model = keras_model(
        "import keras\nclass Model(keras.Model):\n"
        "    def __init__(self):\n        super().__init__()\n"
        "        self.a, self.b = keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)\n"
        "    def call(self, x, training=None):\n        return self.b(self.a(x), training=False)\n"
    )
    record = Record(legacy=False)
    with recording(record):
        x = make("input", "x", 6, static=(None, 6))
        assert model()(x) is x
        model()(x, training=True)
    assert record.draws == [("dropout", 0.5)]


def test_both_sides_give_one_expression() -> None:
    x = make("input", "x", 6, static=(None, 6))
    with recording(Record()):
        pairs = [
            (tf.nn.softmax(x), KERAS.ops.softmax(x)),
            (tf.reduce_mean(x, axis=-1), KERAS.ops.mean(x, axis=1)),
            (tf.concat([x, x], 1), KERAS.ops.concatenate([x, x], axis=-1)),
            (tf.argmax(x, 1), KERAS.ops.argmax(x, axis=-1)),
            (tf.losses.sparse_softmax_cross_entropy(x, x), KERAS.losses.SparseCategoricalCrossentropy(True)(x, x)),
            (tf.losses.mean_squared_error(x, x), KERAS.losses.MeanSquaredError()(x, x)),
        ]
    for legacy, keras in pairs:
        assert legacy is keras
    assert symbolic.show(pairs[0][0]) == "softmax(<x>, 1)"
    assert staged.STAND_INS
