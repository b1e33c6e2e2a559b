"""Recurrent networks: which Keras layer a cell and its dynamic_rnn become, and that the numbers are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .small import converted, program
from .test_proofs import prove

DATA = """
def input_fn():
    x = np.sin(np.arange(8 * 5 * 3, dtype="float32")).reshape(8, 5, 3)
    length = np.array([5, 1, 3, 2, 4, 5, 2, 1], "int32")
    return tf.data.Dataset.from_tensor_slices(({"x": x, "length": length}, x[:, 0, 0])).repeat().batch(4)
"""


def reading(cell: str, lengths: str = "features['length']", state: str = "state") -> str:
    """A program that reads sequences with one cell, and looks at all outputs and at the last state."""
    model_fn = f"""
def model_fn(features, labels, mode):
    cell = tf.nn.rnn_cell.{cell}
    outputs, state = tf.nn.dynamic_rnn(cell, features["x"], sequence_length={lengths}, dtype=tf.float32)
    logits = tf.layers.dense(tf.concat([tf.reduce_sum(outputs, axis=1), {state}], axis=1), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={{"y": logits}})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
    return program(input_fn=DATA, model_fn=model_fn)


LAYERS = {
    "LSTMCell(6)": "FusedLSTM",
    "BasicLSTMCell(6)": "FusedLSTM",
    "LSTMCell(70)": "FusedLSTM",
    "LSTMCell(71)": "keras.layers.LSTM",
    "LSTMCell(6, activation=tf.nn.relu)": "keras.layers.LSTM",
    "GRUCell(6)": "keras.layers.GRU",
    "BasicRNNCell(6)": "keras.layers.SimpleRNN",
}


@pytest.mark.parametrize("cell", LAYERS)
def test_the_layer_is_the_one_that_fits_the_cell(cell: str) -> None:
    files = converted(reading(cell, state="state.c" if "LSTM" in cell else "state"))
    made = re.findall(r"self\.\w+ = ([\w.]*(?:LSTM|GRU|RNN))\(", files["train.py"])
    assert made == [LAYERS[cell]]
    assert ("bias_initializer=OpenGates()" in files["train.py"]) == cell.startswith("GRU")
    assert ("class FusedLSTM(keras.layers.LSTM):" in files["estimator_semantics.py"]) == (made == ["FusedLSTM"])


def test_a_given_first_bias_of_a_gru_is_kept() -> None:
    text = converted(reading("GRUCell(6, bias_initializer=tf.zeros_initializer())"))["train.py"]
    assert re.search(r"bias_initializer=(keras\.initializers\.Zeros\(\)|'zeros')", text)


@pytest.mark.runtime
@pytest.mark.parametrize("lengths", ["features['length']", "None"])
@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("LSTMCell(6)", "state.c"),
        ("BasicLSTMCell(6, forget_bias=0.0)", "state.h"),
        ("LSTMCell(80)", "state.h"),
        ("GRUCell(6)", "state"),
        ("BasicRNNCell(6)", "state"),
    ],
)
def test_the_numbers_are_the_same(cell: str, state: str, lengths: str, tmp_path: Path) -> None:
    prove(reading(cell, lengths, state), "legacy", tmp_path)
