"""Names imported from TensorFlow's private modules are the public ones that they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.source.names import canonical
from migrator.verify.runtimes import RuntimeAbsent, absence, provide

from ..rules import derive_private
from .small import converted, line_of, program, refused

PROGRAM = '''"""A program that imports nothing public."""
import numpy as np
from tensorflow.python.estimator import estimator as estimators
from tensorflow.python.estimator import model_fn as model_fn_lib
from tensorflow.python.estimator.inputs import numpy_io
from tensorflow.python.estimator.model_fn import ModeKeys
from tensorflow.python.framework import dtypes
from tensorflow.python.layers.core import dense
from tensorflow.python.ops import array_ops, math_ops, nn
from tensorflow.python.ops.losses import losses
from tensorflow.python.training import adam
from tensorflow.python.training.training_util import get_global_step


def model_fn(features, labels, mode):
    x = math_ops.cast(features["x"], dtypes.float32)
    hidden = dense(x, 8, activation=nn.relu)
    logits = dense(array_ops.concat([hidden, x], 1), 1)
    predictions = {"y": array_ops.squeeze(logits, axis=1), "total": math_ops.reduce_sum(logits, axis=1)}
    if mode == ModeKeys.PREDICT:
        return model_fn_lib.EstimatorSpec(mode, predictions=predictions)
    loss = losses.mean_squared_error(labels, predictions["y"])
    if mode == ModeKeys.TRAIN:
        train_op = adam.AdamOptimizer(0.01).minimize(loss, get_global_step())
        return model_fn_lib.EstimatorSpec(mode, loss=loss, train_op=train_op)
    return model_fn_lib.EstimatorSpec(mode, loss=loss)


def main():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    estimator = estimators.Estimator(model_fn)
    estimator.train(numpy_io.numpy_input_fn({"x": x}, x.sum(1), batch_size=4, shuffle=False, num_epochs=None), steps=8)
    print(estimator.evaluate(numpy_io.numpy_input_fn({"x": x}, x.sum(1), batch_size=4, shuffle=False)))


if __name__ == "__main__":
    main()
'''


@pytest.mark.parametrize(
    ("private", "public"),
    [
        ("tensorflow.python.ops.array_ops.concat", "tensorflow.concat"),
        ("tensorflow.python.estimator.model_fn.EstimatorSpec", "tensorflow.estimator.EstimatorSpec"),
        ("tensorflow.python.estimator.model_fn.ModeKeys.TRAIN", "tensorflow.estimator.ModeKeys.TRAIN"),
        ("tensorflow.python.ops.math_ops.reduce_sum", "tensorflow.reduce_sum"),
        ("tensorflow.python.ops.rnn_cell_impl.BasicLSTMCell", "tensorflow.nn.rnn_cell.BasicLSTMCell"),
        ("tensorflow.contrib.learn.python.learn.estimators.model_fn.ModelFnOps", "tensorflow.contrib.learn.ModelFnOps"),
        ("tensorflow.python.lib.io.file_io.file_exists", "tensorflow.gfile.Exists"),
        ("tensorflow.python.util.nest.flatten", "tensorflow.nest.flatten"),
        ("tensorflow.python.util.nest.is_sequence", "tensorflow.python.util.nest.is_sequence"),
        ("tensorflow.python.ops.rnn_cell_impl._Linear", "tensorflow.python.ops.rnn_cell_impl._Linear"),
        ("tensorflow.layers.dense", "tensorflow.layers.dense"),
        ("tensorflow.contrib.keras.datasets.mnist.load_data", "tensorflow.keras.datasets.mnist.load_data"),
        ("tensorflow.python.keras.datasets.imdb.load_data", "tensorflow.keras.datasets.imdb.load_data"),
        ("tensorflow.contrib.keras.python.keras.layers.Dense", "tensorflow.keras.layers.Dense"),
        (
            "tensorflow.python.keras.preprocessing.sequence.pad_sequences",
            "tensorflow.keras.preprocessing.sequence.pad_sequences",
        ),
    ],
)
def test_a_private_name_has_one_public_spelling(private: str, public: str) -> None:
    assert canonical(private) == public


def test_a_program_with_private_imports_becomes_one_without() -> None:
    after = converted(PROGRAM)["train.py"]
    assert "tensorflow.python" not in after
    assert 'x = tf.cast(features["x"], tf.float32)' in after
    assert "tf.concat([hidden, x], 1)" in after


@pytest.mark.parametrize(
    ("imported", "name"),
    [("from {} import pad_sequences", "pad_sequences"), ("import {} as rows", "rows.pad_sequences")],
)
def test_what_is_in_a_private_module_is_written_by_its_public_name(imported: str, name: str) -> None:
    line = imported.format("tensorflow.python.keras.preprocessing.sequence")
    head = f"import numpy as np\nimport tensorflow as tf\n{line}\n\nROWS = {name}([[1]], 4)\n"
    after = converted(program(head=head))["train.py"]
    assert "ROWS = tf.keras.preprocessing.sequence.pad_sequences([[1]], 4)" in after
    assert "tensorflow.python" not in after


def test_a_private_name_without_a_public_one_refuses() -> None:
    text = PROGRAM.replace("nn.relu", "math_ops._secret")
    assert refused(text) == {("private-name", line_of(text, "_secret"))}


@pytest.mark.runtime
def test_the_table_is_what_tensorflow_1_says(tmp_path: Path) -> None:
    if absence("tf1"):
        pytest.skip(absence("tf1"))
    try:
        python = provide("tf1").python
    except RuntimeAbsent as reason:
        pytest.skip(str(reason))
    derive_private.main(str(python), str(tmp_path / "private.json"))
    table = Path(derive_private.__file__).parents[2] / "rules" / "private.json"
    assert json.loads((tmp_path / "private.json").read_text()) == json.loads(table.read_text())


def test_what_contrib_only_passed_on_is_called_by_its_own_name() -> None:
    text = PROGRAM.replace("def main():\n", "def main():\n    print(tf.contrib.keras.datasets.mnist.load_data)\n", 1)
    text = text if "import tensorflow as tf\n" in text else "import tensorflow as tf\n" + text
    assert "print(tf.keras.datasets.mnist.load_data)" in converted(text)["train.py"]
