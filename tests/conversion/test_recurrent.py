"""Recurrent networks: which Keras layer a cell and its dynamic_rnn become, and that the numbers are the same."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from migrator.convert import convert

from .small import converted, line_of, program, reasons, refused
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


def biased(bias: str) -> str:
    """A program with an LSTM whose forget_bias comes from its environment."""
    text = reading(f"LSTMCell(6, forget_bias={bias})", state="state.h")
    return text.replace("import numpy", "import os\nimport numpy", 1).replace(
        "import tensorflow as tf\n", "import tensorflow as tf\n\nBIAS = float(os.environ.get('BIAS', '0.75'))\n", 1
    )


BIASES = ["BIAS", "1.0 if BIAS > 2 else 0.0"]


@pytest.mark.parametrize("bias", BIASES)
def test_a_forget_bias_that_only_the_program_knows_is_part_of_the_first_biases(bias: str) -> None:
    after = converted(biased(bias))["train.py"]
    assert f"bias_initializer=ForgetBias({bias})" in after and "unit_forget_bias=False" in after


@pytest.mark.runtime
@pytest.mark.parametrize("runtime", ["legacy", "tf1"])
@pytest.mark.parametrize("bias", BIASES)
def test_a_forget_bias_that_only_the_program_knows_is_the_same(bias: str, runtime: str, tmp_path: Path) -> None:
    prove(biased(bias), runtime, tmp_path)


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


# ------------------------------------------------------------------------------------------- networks of several cells
CELLS = """
def gru(size):
    return tf.nn.rnn_cell.GRUCell(size)


def dropping(size, keep):
    return tf.nn.rnn_cell.DropoutWrapper(gru(size), output_keep_prob=keep)


def dropping_in_training(size, is_training):
    cell = gru(size)
    if is_training:
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=0.5)
    return cell


def dropping_by_mode(size, mode):
    if mode == tf.estimator.ModeKeys.TRAIN:
        keep = 0.5
    else:
        keep = 1.0
    return tf.nn.rnn_cell.DropoutWrapper(gru(size), output_keep_prob=keep)


def dropped(cell, x, length, keep, is_training):
    with tf.variable_scope(None, "layer"):
        kept = keep if is_training else 1.0
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, input_keep_prob=kept)
        return tf.nn.dynamic_rnn(cell, x, sequence_length=length, dtype=tf.float32)[0]
"""


def network(body: str, read: str) -> str:
    """A program whose logits come from the vector `read` that the statements compute."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    model_fn = f"""
{CELLS}

def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    x, length = features["x"], features["length"]
{lines}
    logits = tf.layers.dense({read}, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={{"y": logits}})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
    return program(input_fn=DATA, model_fn=model_fn)


NETWORKS = {
    "cells in a list": network(
        """
        cells = [tf.nn.rnn_cell.LSTMCell(n) for n in (4, 5)]
        cell = tf.nn.rnn_cell.MultiRNNCell(cells)
        outputs, state = tf.nn.dynamic_rnn(cell, x, sequence_length=length, dtype=tf.float32)
        """,
        "tf.concat([tf.reduce_sum(outputs, axis=1), state[-1].h, state[0][0]], axis=1)",
    ),
    "cells of several kinds, and their size": network(
        """
        cells = tf.nn.rnn_cell.MultiRNNCell([gru(4), tf.nn.rnn_cell.BasicLSTMCell(6, forget_bias=2.5)])
        outputs, state = tf.nn.dynamic_rnn(cells, x, dtype=tf.float32)
        hidden = tf.layers.dense(outputs[:, 1], cells.output_size // 2)
        """,
        "tf.concat([hidden, state[0], state[1].c], axis=1)",
    ),
    "cells made by a function": network(
        """
        cell = tf.nn.rnn_cell.MultiRNNCell([gru(4) for _ in range(2)])
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """,
        "tf.concat([outputs[:, -1], state[0]], axis=1)",
    ),
    "both directions": network(
        """
        forward, backward = tf.nn.rnn_cell.LSTMCell(4), tf.nn.rnn_cell.LSTMCell(5)
        (out_fw, out_bw), (state_fw, state_bw) = tf.nn.bidirectional_dynamic_rnn(
            forward, backward, x, sequence_length=length, dtype=tf.float32)
        """,
        "tf.concat([out_fw[:, -1], out_bw[:, 0], state_fw.h, state_bw.c], axis=1)",
    ),
    "both directions, all of one length": network(
        """
        outputs, states = tf.nn.bidirectional_dynamic_rnn(gru(4), gru(5), x, dtype=tf.float32)
        outputs = tf.concat(outputs, 2)
        """,
        "tf.concat([outputs[:, 1], states[1]], axis=1)",
    ),
    "dropout in training": network(
        """
        keep = 0.5 if training else 1.0
        cell = tf.nn.rnn_cell.LSTMCell(4)
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, input_keep_prob=keep, output_keep_prob=keep)
        outputs, state = tf.nn.dynamic_rnn(cell, x, sequence_length=length, dtype=tf.float32)
        """,
        "tf.concat([tf.reduce_sum(outputs, axis=1), state.h], axis=1)",
    ),
    "dropout in every mode": network(
        """
        cell = tf.nn.rnn_cell.DropoutWrapper(gru(4), output_keep_prob=0.8)
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """,
        "tf.concat([tf.reduce_sum(outputs, axis=1), state], axis=1)",
    ),
    "dropout under a test of the mode": network(
        """
        cell = gru(4)
        if mode == tf.estimator.ModeKeys.TRAIN:
            cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=0.5)
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """,
        "tf.concat([outputs[:, 1], state], axis=1)",
    ),
    "dropout in functions that make cells": network(
        """
        keep = 0.6 if training else 1.0
        makers = [dropping(4, keep), dropping_in_training(3, training), dropping_by_mode(5, mode)]
        outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(makers), x, dtype=tf.float32)
        """,
        "tf.concat([outputs[:, 1], state[0]], axis=1)",
    ),
    "dropout around the cells of a list": network(
        """
        sizes = [int(size) for size in "4 5".split(" ")]
        cells = [tf.nn.rnn_cell.BasicLSTMCell(size) for size in sizes]
        cells_with = [tf.nn.rnn_cell.DropoutWrapper(cells[i], output_keep_prob=0.9) for i in range(len(cells))]
        cell = tf.nn.rnn_cell.MultiRNNCell(cells_with)
        outputs, _ = tf.nn.static_rnn(cell, tf.unstack(x, num=5, axis=1), dtype=tf.float32)
        """,
        "outputs[-1]",
    ),
    "cells given to a function that makes the network": network(
        """
        h = dropped(tf.nn.rnn_cell.BasicLSTMCell(4), x, length, 0.7, training)
        h = dropped(tf.nn.rnn_cell.BasicLSTMCell(3), h, length, 0.6, training)
        """,
        "h[:, 0]",
    ),
    "a list of steps": network(
        """
        cell = tf.nn.rnn_cell.BasicLSTMCell(4)
        outputs, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        """,
        "tf.concat([outputs[-1], state.c], axis=1)",
    ),
    "time first": network(
        """
        cell = tf.nn.rnn_cell.BasicRNNCell(4)
        steps = tf.transpose(x, [1, 0, 2])
        outputs, state = tf.nn.dynamic_rnn(cell, steps, length, dtype=tf.float32, time_major=True)
        """,
        "tf.concat([outputs[1], state], axis=1)",
    ),
    "a state of zeros, and one that is passed on": network(
        """
        with tf.variable_scope("encoder"):
            cell = tf.nn.rnn_cell.LSTMCell(4)
            zeros = cell.zero_state(tf.shape(x)[0], tf.float32)
            _, state = tf.nn.dynamic_rnn(cell, x, sequence_length=length, initial_state=zeros)
        with tf.variable_scope("decoder"):
            outputs, (c, h) = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4), x, initial_state=state)
        """,
        "tf.concat([outputs[:, -1], c, h], axis=1)",
    ),
    "lengths for the first of two networks": network(
        """
        with tf.variable_scope("a"):
            outputs, _ = tf.nn.dynamic_rnn(gru(4), x, sequence_length=length, dtype=tf.float32)
        with tf.variable_scope("b"):
            outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(5), outputs, dtype=tf.float32)
        """,
        "state",
    ),
}
CONTRIB = {
    "block cells": network(
        """
        cells = [tf.contrib.rnn.LSTMBlockCell(4), tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(3)]
        outputs, state = tf.nn.dynamic_rnn(tf.contrib.rnn.MultiRNNCell(cells), x, length, dtype=tf.float32)
        """,
        "tf.concat([outputs[:, 0], state[0].c], axis=1)",
    ),
    "networks that are objects": network(
        """
        steps = tf.transpose(x, [1, 0, 2])
        forward, backward = tf.contrib.rnn.LSTMBlockFusedCell(4), tf.contrib.rnn.LSTMBlockFusedCell(3)
        backward = tf.contrib.rnn.TimeReversedFusedRNN(backward)
        output_fw, _ = forward(steps, dtype=tf.float32, sequence_length=length)
        output_bw, (c, h) = backward(steps, dtype=tf.float32, sequence_length=length)
        output = tf.concat([output_fw, output_bw], axis=-1)
        """,
        "tf.concat([tf.reduce_sum(output, 0), output[0], c, h], axis=1)",
    ),
}


@pytest.mark.runtime
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_several_cells_compute_the_same(name: str, tmp_path: Path) -> None:
    prove(NETWORKS[name], "legacy", tmp_path)


@pytest.mark.runtime
@pytest.mark.parametrize("name", CONTRIB)
def test_cells_of_contrib_compute_the_same(name: str, tmp_path: Path) -> None:
    prove(CONTRIB[name], "tf1", tmp_path)


FORMS = {
    "cells in a list": ["self.rnn = DynamicRNN(cell)", "outputs, state = self.rnn(x, sequence_length=length)"],
    "both directions": ["self.rnn = BidirectionalRNN(forward, backward)"],
    "dropout in training": ["output_rate=0.5", "self.rnn(x, sequence_length=length, training=training)"],
    "dropout in every mode": ["output_rate=0.2", "in_every_mode=True", "self.rnn(x)"],
    "dropout under a test of the mode": ["cell = StepDropout(cell, output_rate=0.5)"],
    "dropout in functions that make cells": [
        "dropping(4, 0.6)",
        "dropping_in_training(3, True)",
        "dropping_by_mode(5, 'train')",
        "return StepDropout(gru(size), output_rate=1 - keep)",
        "return StepDropout(gru(size), output_rate=0.5)",
    ],
    "a list of steps": ["self.rnn(tf.unstack(x, axis=1))"],
    "time first": ["DynamicRNN(cell, time_major=True)"],
    "a state of zeros, and one that is passed on": ["_, state = self.rnn(x, sequence_length=length)"],
    "lengths for the first of two networks": ["outputs, _ = self.rnn(x, sequence_length=length)"],
}


@pytest.mark.parametrize("name", FORMS)
def test_a_network_is_called_as_before(name: str) -> None:
    text = converted(NETWORKS[name])["train.py"]
    assert [part for part in FORMS[name] if part not in text] == []


def test_dropout_that_ignores_the_mode_is_told() -> None:
    notes = [r for r in reasons(convert({"train.py": NETWORKS["dropout in every mode"]})) if "rnn-dropout" in r]
    assert notes and all("in evaluation and prediction too" in note for note in notes)


RUN = "outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)"
REFUSED = {
    "cell = tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True)": "rnn-cell",
    "cell = tf.nn.rnn_cell.LSTMCell(4, num_proj=3)": "rnn-cell",
    "cell = tf.nn.rnn_cell.LSTMCell(4, forget_bias=float(x.shape[1]))": "rnn-cell",
    "cell = tf.nn.rnn_cell.LSTMCell(4, state_is_tuple=False)": "rnn-cell",
    "cell = tf.nn.rnn_cell.LSTMCell(4, dtype=tf.float64)": "rnn-dtype",
    "cell = tf.nn.rnn_cell.ResidualWrapper(tf.nn.rnn_cell.GRUCell(3))": "rnn-cell",
    "cell = tf.nn.rnn_cell.DropoutWrapper(gru(4), state_keep_prob=0.5)": "rnn-dropout",
    "cell = tf.nn.rnn_cell.DropoutWrapper(gru(4), 0.5, variational_recurrent=True, input_size=3)": "rnn-dropout",
    "cell = tf.nn.rnn_cell.DropoutWrapper(gru(4), 0.5 if training else 0.9)": "rnn-dropout",
}


@pytest.mark.parametrize("cell", REFUSED)
def test_cells_without_a_twin_are_refused(cell: str) -> None:
    text = network(f"{cell}\n{RUN}", "outputs[:, 0]")
    assert refused(text) == {(REFUSED[cell], line_of(text, cell))}


SHARED = {
    "by both directions": """
        cell = gru(4)
        outputs, state = tf.nn.bidirectional_dynamic_rnn(cell, cell, x, dtype=tf.float32)
        """,
    "by two networks": """
        cell = gru(4)
        with tf.variable_scope("a"):
            outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        with tf.variable_scope("b"):
            outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """,
    "by a list": """
        cell = tf.nn.rnn_cell.MultiRNNCell([gru(3)] * 2)
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """,
}


@pytest.mark.parametrize("body", SHARED.values(), ids=SHARED)
def test_a_cell_that_is_shared_is_refused(body: str) -> None:
    assert {rule for rule, _ in refused(network(body, "state"))} == {"rnn-cell"}


DIFFERENT = {
    "another size": "return gru(4 if mode == tf.estimator.ModeKeys.TRAIN else 2)",
    "dropout in evaluation alone": """cell = gru(4)
    if mode == tf.estimator.ModeKeys.EVAL:
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, 0.5)
    return cell""",
    "no dropout in prediction": """cell = gru(4)
    if mode != tf.estimator.ModeKeys.PREDICT:
        cell = tf.nn.rnn_cell.DropoutWrapper(cell, 0.5)
    return cell""",
    "another keep_prob": """if mode == tf.estimator.ModeKeys.TRAIN:
        keep = KEEP[0]
    else:
        keep = KEEP[1]
    return tf.nn.rnn_cell.DropoutWrapper(gru(4), keep)""",
}


@pytest.mark.parametrize("body", DIFFERENT.values(), ids=DIFFERENT)
def test_cells_that_differ_from_mode_to_mode_are_refused(body: str) -> None:
    maker = f"import os\nKEEP = [float(k) for k in os.environ['KEEP'].split()]\n\n\ndef made(mode):\n    {body}\n"
    text = network("cell = made(mode)\n" + RUN, "outputs[:, 0, :2]").replace("def model_fn", f"{maker}\n\ndef model_fn")
    rules = {rule for rule, _ in refused(text)}
    assert rules in ({"rnn-cell"}, {"rnn-dropout"})


def test_a_test_beside_the_mode_decides_whether_there_is_dropout() -> None:
    body = """
        cell = gru(4)
        if training and KEEP < 1:
            cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=KEEP)
        outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        """
    program = network(body, "state").replace("def gru", "import os\nKEEP = float(os.environ['KEEP'])\n\n\ndef gru", 1)
    text = converted(program)["train.py"]
    assert "        if KEEP < 1:\n            cell = StepDropout(cell, output_rate=1 - KEEP)\n" in text
    assert "self.rnn(x, training=training)" in text
