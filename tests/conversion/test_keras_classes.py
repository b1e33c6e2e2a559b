"""Classes of the program that derive from tf.keras.Model or Layer, made and called inside a model_fn."""

from __future__ import annotations

import textwrap

import pytest

from migrator.convert import convert

from .small import HEAD, converted, program, reasons, refused

MODEL_FN = """
def model_fn(features, labels, mode):
    model = Net(5)
    if mode == tf.estimator.ModeKeys.PREDICT:
        logits = model(features["x"], training=False)
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    if mode == tf.estimator.ModeKeys.TRAIN:
        logits = model(features["x"], training=True)
    else:
        logits = model(features["x"], training=False)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def network(init: str, call: str, base: str = "tf.keras.Model", method: str = "call(self, x, training)") -> str:
    """A program whose network is one class; `init` and `call` are the bodies of its methods."""
    made, used = (textwrap.indent(textwrap.dedent(text).strip(), " " * 8) for text in (init, call))
    cls = f"class Net({base}):\n    def __init__(self, units):\n        super(Net, self).__init__()\n{made}\n\n"
    return program(model_fn=MODEL_FN, head=f"{HEAD}\n\n{cls}    def {method}:\n{used}\n")


PLAIN = network(
    """
    self.dense = tf.layers.Dense(units, activation=tf.nn.relu)  # wide
    self.dropout = tf.layers.Dropout(0.4)
    self.out = tf.keras.layers.Dense(1)
    """,
    """
    x = self.dropout(self.dense(x), training=training)
    return self.out(x)
    """,
)
LISTED = network(
    """
    self.out = tf.keras.layers.Dense(1)
    self.hidden = [tf.keras.layers.Dense(units, activation="tanh") for _ in range(3)]
    """,
    """
    for index, layer in enumerate(self.hidden):
        x = layer(x)
    return self.out(x)
    """,
)
UNTOLD = network(
    """
    self.dense = tf.keras.layers.Dense(units)
    self.norm = tf.layers.BatchNormalization()
    self.out = tf.keras.layers.Dense(1)
    """,
    "return self.out(self.norm(self.dense(x)))",
)
NESTED = PLAIN.replace(
    "class Net(",
    """class Block(tf.keras.layers.Layer):
    def __init__(self, units):
        super(Block, self).__init__()
        self.dense = tf.keras.layers.Dense(units)

    def call(self, x):
        return self.dense(x)


class Net(""",
).replace("self.out = tf.keras.layers.Dense(1)", "self.out = Block(1)")


def after(text: str) -> str:
    return converted(text)["train.py"]


# ------------------------------------------------------------------------------------------------- what they become
@pytest.mark.parametrize(
    ("legacy", "keras"), [("tf.keras.Model", "keras.Model"), ("tf.keras.layers.Layer", "keras.layers.Layer")]
)
def test_the_class_stays_and_its_layers_are_brought_up_to_date(legacy: str, keras: str) -> None:
    text = after(PLAIN.replace("Net(tf.keras.Model)", f"Net({legacy})"))
    assert (
        f"""class Net({keras}):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units, activation='relu')  # wide
        self.dropout = keras.layers.Dropout(0.4)
        self.out = keras.layers.Dense(1)

    def call(self, x, training=None):
        x = self.dropout(self.dense(x), training=training)
        return self.out(x)
"""
        in text
    )


def test_a_network_that_each_mode_calls_is_called_once() -> None:
    assert after(PLAIN).count('self.model(features["x"], training=training)') == 1


def test_a_class_may_define_what_runs_when_it_is_called_itself() -> None:
    assert "def call(self, x, training=None):" in after(PLAIN.replace("def call(", "def __call__("))


def test_an_object_made_where_it_is_called_is_one_in_all_modes() -> None:
    text = after(PLAIN.replace("model = Net(5)", "pass").replace("model(features", "Net(5)(features"))
    assert text.count("Net(5)") == 1
    differs = PLAIN.replace("model = Net(5)", "pass").replace("model(features", "Net(5)(features")
    differs = differs.replace('Net(5)(features["x"], training=True)', 'Net(6)(features["x"], training=True)')
    assert {rule for rule, _ in refused(differs)} == {"mode-layers"}


def test_layers_in_a_list_are_mapped_one_by_one() -> None:
    conversion = convert({"train.py": LISTED})
    assert conversion.models, reasons(conversion)
    first = conversion.models[0]["creation"][0]
    assert first["class"] == "Net"
    loop, out = first["creation"]
    assert (loop["loop"][0]["attr"], out["attr"]) == ("hidden", "out")


def test_objects_in_attributes_are_called_by_their_name() -> None:
    assert "return self.out(x)" in after(NESTED)


PLAIN_CLASS = f"""{HEAD}

class Net(object):
    def __init__(self, units):
        self.dtype = tf.float32
        self.name = "net"
        self.losses = [units]

    def __call__(self, x, training):
        return tf.layers.dense(tf.cast(x, self.dtype), self.losses[0])
"""


def test_an_attribute_that_a_keras_layer_has_itself_gets_another_name() -> None:
    text = after(program(model_fn=MODEL_FN.replace("Net(5)", "Net(1)"), head=PLAIN_CLASS))
    assert (
        """
        self.dtype_ = tf.float32
        self.name = "net"
        self.losses_ = [units]
        self.dense = keras.layers.Dense(self.losses_[0])
"""
        in text
    )
    assert "tf.cast(x, self.dtype_)" in text


def test_such_an_attribute_read_elsewhere_is_refused() -> None:
    read = MODEL_FN.replace("Net(5)", "Net(1)").replace("labels, tf", "tf.cast(labels, model.dtype), tf")
    assert {rule for rule, _ in refused(program(model_fn=read, head=PLAIN_CLASS))} == {"reserved-name"}


# ------------------------------------------------------------------------------------------------- what trains
def test_a_layer_that_is_not_told_follows_the_object_around_it() -> None:
    assert "self.norm(self.dense(x), training=training)" in after(UNTOLD)


def test_where_the_object_itself_is_not_told_versions_differ() -> None:
    text = UNTOLD.replace("call(self, x, training)", "call(self, x, training=False)").replace(", training=True)", ")")
    assert {rule for rule, _ in refused(text.replace(", training=False)\n", ")\n"))} == {"never-training"}


def test_an_object_inside_another_that_is_not_told_is_refused_where_that_matters() -> None:
    text = NESTED.replace("return self.dense(x)\n\n\nclass", "return self.drop(self.dense(x))\n\n\nclass")
    text = text.replace(
        "self.dense = tf.keras", "self.drop = tf.keras.layers.Dropout(0.5)\n        self.dense = tf.keras"
    )
    assert {rule for rule, _ in refused(text)} == {"never-training"}


# ------------------------------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    "text",
    [
        PLAIN.replace("self.out =", "self.w = self.add_weight('w', [5, 5])\n        self.out ="),
        PLAIN.replace("self.out =", "self.losses = []\n        self.out ="),
        PLAIN.replace(".__init__()", ".__init__(dtype='float64')"),
        PLAIN.replace("labels, tf.squeeze(logits, axis=1))", "labels, tf.squeeze(logits, axis=1)) + sum(model.losses)"),
        PLAIN.replace("def call(self", "def build(self, shape):\n        pass\n\n    def call(self"),
    ],
    ids=["own weights", "a reserved attribute", "told at construction", "read from outside", "built by itself"],
)
def test_what_else_a_keras_class_does_is_refused(text: str) -> None:
    assert {rule for rule, _ in refused(text)} == {"keras-class"}
