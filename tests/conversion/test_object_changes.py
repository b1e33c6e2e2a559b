"""Objects whose state is followed: attributes of other classes, rest parameters, lists that are filled in `call`."""

from __future__ import annotations

from .small import converted, program, refused

LAYERED = """
class Block(object):
    def __init__(self, width, **kwargs):
        self.width = width

    def __call__(self, x):
        return tf.layers.dense(x, self.width)


class Regressor(object):
    def __init__(self, width):
        self.width = width
        self.estimator = tf.estimator.Estimator(model_fn=self.model_fn)

    def model_fn(self, features, labels, mode):
        h = Block(self.width + 1)(features["x"])
        logits = tf.layers.dense(h, 1)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
        loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def layered(text: str = LAYERED) -> str:
    """A program around a class with a model_fn that uses objects of another class."""
    return program(model_fn=text).replace(
        "tf.estimator.Estimator(model_fn).train(input_fn, steps=8)", "Regressor(4).estimator.train(input_fn, steps=8)"
    )


def test_an_attribute_of_one_name_in_the_constructor_of_another_class_is_another_one() -> None:
    assert "model = Model(self.width)" in converted(layered())["train.py"]


def test_a_helper_that_sets_it_on_the_object_of_the_model_fn_refuses() -> None:
    setter = "\n\ndef widen(owner):\n    owner.width = 9\n"
    text = LAYERED.replace("        h = Block(", "        widen(self)\n        h = Block(")
    assert {rule for rule, _ in refused(layered(setter + text))} <= {"object-state", "object-passed"}


def test_rest_parameters_that_no_call_fills_and_nothing_reads_go() -> None:
    assert (
        "def __init__(self, width, **kwargs):\n        super().__init__(**kwargs)" in converted(layered())["train.py"]
    )


def test_rest_parameters_that_are_given_or_read_refuse() -> None:
    given = LAYERED.replace("Block(self.width + 1)", "Block(self.width + 1, scale=2)")
    read = LAYERED.replace("        self.width = width\n\n", "        self.width = width + len(kwargs)\n\n", 1)
    for text in (given, read):
        assert {rule for rule, _ in refused(layered(text))} == {"star-parameters"}


FILLED = """
def model_fn(features, labels, mode):
    h = tf.layers.dense(features["x"], 4)
    shape = []
    for _ in range(len(h.shape.as_list()) - 1):
        shape.append(-1)
    shape.extend([tf.constant(2), 2])
    logits = tf.layers.dense(tf.reshape(tf.reshape(h, shape), [-1, 4]), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""


def test_a_list_that_no_layer_is_made_from_is_filled_where_the_model_is_called() -> None:
    text = converted(program(model_fn=FILLED))["train.py"]
    assert "            shape.append(-1)\n" in text.partition("def call(")[2].partition("def compute_loss(")[0]
    assert "shape" not in text.partition("def __init__(self):")[2].partition("def call(")[0]


def test_a_layer_as_large_as_such_a_list_waits_for_it() -> None:
    text = converted(program(model_fn=FILLED.replace("[-1, 4]), 1)", "[-1, 4]), len(shape))")))["train.py"]
    assert "units=len(shape)" in text.partition("def call(")[2]
