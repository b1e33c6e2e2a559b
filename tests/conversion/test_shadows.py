"""Names that an inner scope binds again, and functions inside a model_fn."""

from __future__ import annotations

from .small import converted, program

SHADOWED = '''
def model_fn(features, labels, mode):
    units = UNITS

    def scaled(x, units):
        """Takes the factor."""
        return x * units

    def wide(x):
        return x * units

    net = tf.layers.dense(features["x"], units)
    net = scaled(net, 3) + wide(net) * units
    net = tf.map_fn(lambda units: units + 1.0, net)
    net = [units + 1 for units in [net, net]][0] * units
    logits = tf.layers.dense(net, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
'''
PROGRAM = program(model_fn=SHADOWED, head="import numpy as np\nimport tensorflow as tf\n\nUNITS = 4\n")


def test_a_name_that_an_inner_scope_binds_is_not_the_attribute() -> None:
    text = converted(PROGRAM)["train.py"]
    assert "[units + 1 for units in [net, net]][0] * self.units" in text
    assert "lambda units: units + 1.0" in text


def test_a_function_inside_stays_where_it_was_and_reads_attributes() -> None:
    call = converted(PROGRAM)["train.py"].split("def call")[1].split("def predict_step")[0]
    assert 'def scaled(x, units):\n            """Takes the factor."""\n            return x * units\n' in call
    assert "def wide(x):\n            return x * self.units\n" in call
