"""Objects that an Estimator calls: as model_fn or as input function; and partials of such."""

from __future__ import annotations

import pytest

from .small import HEAD, MODEL_FN, converted, program, refused

READER = """
class Reader(object):
    def __init__(self, rows):
        self.rows = rows

    def scaled(self, x, y):
        return {"x": 2.0 * x["x"]}, y

    def __call__(self):
        x = np.arange(3 * self.rows, dtype="float32").reshape(self.rows, 3)
        dataset = tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(1))).map(self.scaled).repeat().batch(4)
        return dataset.make_one_shot_iterator().get_next()
"""
INDENTED = "\n".join(f"    {line}" if line else "" for line in MODEL_FN.strip("\n").split("\n"))
NETWORK = "class Network(object):\n    def __init__(self, units):\n        self.units = units\n\n" + INDENTED.replace(
    "def model_fn(features, labels, mode)", "def __call__(self, features, labels, mode, rate=0.01)"
).replace('(features["x"], 1)', '(features["x"], self.units)').replace("Optimizer(0.01)", "Optimizer(rate)")
OBJECT = program(model_fn=NETWORK).replace("Estimator(model_fn)", "Estimator(Network(1))")
PARTIAL = OBJECT.replace("Network(1))", "functools.partial(Network(1), rate=0.1))").replace(
    HEAD, "import functools\n" + HEAD
)
READING = program(input_fn=READER, data="Reader(8)")


def test_an_object_that_feeds_a_model_is_called() -> None:
    after = converted(READING)["train.py"]
    assert "build_model().fit(Reader(8)(), steps_per_epoch=8)" in after
    assert "        return dataset\n" in after and "get_next" not in after


def test_an_object_that_feeds_a_model_is_given_the_params_that_it_asks_for() -> None:
    text = READING.replace("def __call__(self):", "def __call__(self, params):")
    assert "Reader(8)(params={})" in converted(text)["train.py"]


def test_what_such_an_object_calls_belongs_to_the_program() -> None:
    text = READING.replace('return {"x": 2.0 * x["x"]}, y', "return tf.nowhere(x), y")
    assert {rule for rule, _ in refused(text)} == {"no-rule"}


def test_an_object_that_is_a_model_fn_gets_a_method_that_builds_the_model() -> None:
    after = converted(OBJECT)["train.py"]
    assert "class NetworkModel(EstimatorModel):" in after
    assert "    def build_network_model(self, rate=0.01):" in after
    assert "    Network(1).build_network_model().fit(" in after


@pytest.mark.parametrize("made", ["network = Network(1)", "network = Network(1) if input() else Network(1)"])
def test_it_may_have_a_name(made: str) -> None:
    text = OBJECT.replace("    tf.estimator.Estimator(Network(1))", f"    {made}\n    tf.estimator.Estimator(network)")
    assert "    network.build_network_model().fit(" in converted(text)["train.py"]


def test_a_partial_of_it_hands_its_arguments_to_the_method() -> None:
    assert "Network(1).build_network_model(rate=0.1).fit(" in converted(PARTIAL)["train.py"]


def test_a_partial_with_arguments_that_have_no_name_refuses() -> None:
    assert {rule for rule, _ in refused(PARTIAL.replace("rate=0.1))", "0.1))"))} == {"model-fn"}


def test_params_that_a_partial_holds_are_given_once() -> None:
    fn = MODEL_FN.replace("mode)", "mode, rate, params)", 1).replace("Optimizer(0.01)", "Optimizer(rate * params['x'])")
    call = "Estimator(functools.partial(model_fn, PARTS), params={'x': 2.0})"
    text = program(model_fn=fn, head="import functools\n" + HEAD).replace("Estimator(model_fn)", call)
    after = converted(text.replace("PARTS", "rate=0.1"))["train.py"]
    assert "build_model(params={'x': 2.0}, rate=0.1)" in after
    after = converted(text.replace("PARTS", "rate=0.1, params={'x': 3.0}"))["train.py"]
    assert "build_model(rate=0.1, params={'x': 3.0})" in after


def test_a_default_from_another_file_of_tensorflow_is_brought_up_to_date() -> None:
    fn = """
def narrowed(x, initializer=contrib_layers.xavier_initializer()):
    return tf.layers.dense(x, 4, kernel_initializer=initializer)

""" + MODEL_FN.replace('features["x"], 1', 'narrowed(features["x"]), 1')
    text = program(model_fn=fn, head=HEAD + "from tensorflow.contrib import layers as contrib_layers\n")
    after = converted(text)["train.py"]
    assert "initializer=keras.initializers.GlorotUniform()" in after and "contrib" not in after


def test_a_rate_that_the_model_reads_as_a_number_is_asked_of_the_optimizer() -> None:
    fn = MODEL_FN.replace(
        "    train_op =",
        "    rate = tf.train.exponential_decay(0.1, tf.train.get_global_step(), 10, 0.5)\n    train_op =",
    ).replace("Optimizer(0.01)", "Optimizer(rate)")
    fn = fn.replace("loss=loss, train_op=train_op", "loss=loss, train_op=train_op, eval_metric_ops=metrics")
    converted(
        program(
            model_fn=fn.replace(
                "    return tf.estimator.EstimatorSpec(mode, loss",
                '    metrics = {"m": tf.metrics.mean(labels)}\n    return tf.estimator.EstimatorSpec(mode, loss',
            )
        )
    )
    text = program(
        model_fn=fn.replace(
            "    return tf.estimator.EstimatorSpec(mode, loss",
            '    metrics = {"m": tf.metrics.mean(2.0 * rate)}\n    return tf.estimator.EstimatorSpec(mode, loss',
        )
    )
    assert "update_state(2.0 * self.optimizer.learning_rate)" in converted(text)["train.py"]
