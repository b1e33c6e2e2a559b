"""Converted small programs compute what the legacy ones do: both are run and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import ProgramVerification, verify_program

from .small import program
from .test_called_objects import PARTIAL, READING
from .test_changes import changed
from .test_chosen_model_fns import EACH, chosen
from .test_feature_columns import EMBEDDED, NUMBER
from .test_feature_columns import ROWS as COLUMN_ROWS
from .test_feature_columns import model_fn as columns_read
from .test_inputs import DATASET, EAGER
from .test_iterator_tails import NAMED, SINGLE, TAIL
from .test_keras_classes import LISTED, NESTED, UNTOLD
from .test_keras_classes import PLAIN as KERAS_CLASS
from .test_keras_layers import FOLLOWING
from .test_losses import TWICE
from .test_modes import RAISES
from .test_object_proofs import read_out
from .test_objects import DELEGATED, built, closures, methods
from .test_optimize_loss import CLIPPED, chosen_at_run_time
from .test_own_optimizers import OWN, rated
from .test_predictions import BATCHES
from .test_private_names import PROGRAM as PRIVATE
from .test_programs_around import ARRANGED, COPIES, around
from .test_reuse import towers
from .test_serving import CHANGED, EXPORTERS, LOOPED, PARSING, TENSOR, exporting, of_a_tensor
from .test_shadows import PROGRAM as SHADOWED
from .test_sized import PROGRAM as SIZED
from .test_sized import RANKED
from .test_step_counts import counted_twice
from .test_tensor_inputs import COUNTED
from .test_told_modes import BY_CONSTANTS, DECAYED, IN_OBJECT, OBJECT, formatted
from .test_train_ops import LINEAR
from .test_twin_specs import CHOICE, HOST_CALL, REPORTING
from .test_twin_specs import model_fn as twins

pytestmark = pytest.mark.runtime

ROWS = 'x = np.arange(24, dtype="float32").reshape(8, 3)\n    dataset = tf.data.Dataset.from_tensor_slices'
ONE_SHOT = f"""
def input_fn():
    {ROWS}((x, x.sum(1))).repeat().batch(4)
    iterator = dataset.make_one_shot_iterator()
    x, y = iterator.get_next()
    return {{"x": x}}, y
"""
PREDICTED = """estimator = tf.estimator.Estimator(model_fn)
estimator.train(input_fn, steps=8)
print(list(estimator.predict(rows)))"""
FROZEN = """
def model_fn(features, labels, mode):
    training = mode == tf.estimator.ModeKeys.TRAIN
    hidden = tf.layers.batch_normalization(tf.layers.dense(features["x"], 4), training=training)
    logits = tf.layers.dense(hidden, 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
CHOSEN = """
def plain(x, training):
    return tf.layers.dense(x, 4)


def normed(x, training):
    return tf.layers.batch_normalization(tf.layers.dense(x, 4), training=training)


NETWORKS = {"plain": plain, "normed": normed}


def model_fn(features, labels, mode):
    network = NETWORKS[KIND]
    logits = tf.layers.dense(network(features["x"], mode == tf.estimator.ModeKeys.TRAIN), 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
PICKED = "import os\nimport numpy as np\nimport tensorflow as tf\n\nKIND = os.environ.get('KIND', 'normed')\n"
PROGRAMS = {
    "batch norm whose averages never move": program(model_fn=FROZEN),
    "an object of batch norm whose averages never move": program(
        model_fn=FROZEN.replace("batch_normalization(", "BatchNormalization()(")
    ),
    "one of two networks, of which one does not train differently": program(model_fn=CHOSEN, head=PICKED),
    "elements of an iterator arranged anew": program(input_fn=ARRANGED),
    "statements behind an iterator": program(input_fn=TAIL),
    "an element that is one array": program(input_fn=SINGLE),
    "each of two model_fns": chosen(EACH),
    "one of two specs": program(
        model_fn=twins(train=HOST_CALL, other=REPORTING), head=CHOICE.replace("input()", "str()")
    ),
    "predictions batch by batch": BATCHES,
    "a mode that raises": program(model_fn=RAISES),
    "private imports": PRIVATE,
    "variables, and steps counted by hand": program(model_fn=LINEAR),
    "a one-shot iterator": program(input_fn=ONE_SHOT),
    "tensors of an input function": program(input_fn=COUNTED),
    "a softmax applied twice": program(model_fn=TWICE),
    "a rate that is computed from the step": rated(),
    "an optimizer of the program's own": program(model_fn=OWN),
    "a model_fn that is a method": methods(),
    "a model_fn made in a method": closures(),
    "a method that delegates to another": methods(DELEGATED),
    "an object whose constructor makes the layers": built(),
    "features, labels and lists changed in place": changed(),
    "two towers of one network": towers(),
    "a Keras layer of feature columns": program(
        input_fn=COLUMN_ROWS, model_fn=columns_read(f"tf.keras.layers.DenseFeatures([{NUMBER}, {EMBEDDED}])(features)")
    ),
    "an iterator whose element is a dictionary": around(PREDICTED, NAMED.replace("def input_fn", "def rows")),
    "a copy of a copy of a RunConfig": around(COPIES),
    "an iterator in a lambda": program(
        input_fn=f"def rows():\n    return {DATASET}\n", data="lambda: rows().make_one_shot_iterator().get_next()"
    ),
    "a script that steps through its data": program(input_fn=EAGER),
    "exports on the way": exporting(LOOPED, EXPORTERS),
    "exports that parse examples": exporting(PARSING),
    "exports of what a function adds to the received tensors": exporting(CHANGED),
    "exports of a model of one tensor": of_a_tensor(exporting(TENSOR)),
    "an object that is called for its data": READING,
    "a partial of an object that is a model_fn": PARTIAL,
    "a Keras class": KERAS_CLASS,
    "a Keras class that calls itself": KERAS_CLASS.replace("def call(", "def __call__("),
    "a Keras class with a list of layers": LISTED,
    "a layer that follows the Keras object around it": UNTOLD,
    "a Keras object inside another": NESTED,
    "layers that follow the learning phase": read_out(program(model_fn=FOLLOWING)),
    "a network told by constants": program(model_fn=BY_CONSTANTS),
    "an object that keeps what the mode chose": program(model_fn=IN_OBJECT, head=OBJECT),
    "images of a format that is handed on": formatted("'channels_last'"),
    "a schedule made by a function of the step": program(model_fn=DECAYED),
    "layers and variables as large as their inputs": SIZED,
    "names that inner scopes bind again": SHADOWED,
    "sizes from a function that names its tensor": program(model_fn=RANKED),
    "a batch that two minimisations count": counted_twice("AdamOptimizer(0.01)", "AdagradOptimizer(0.1)"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_the_same(name: str, tmp_path: Path) -> None:
    prove(PROGRAMS[name], "legacy", tmp_path)


def test_optimize_loss_is_the_same_in_tensorflow_1(tmp_path: Path) -> None:
    prove(CLIPPED, "tf1", tmp_path)


@pytest.mark.parametrize("name", ["Adagrad", "Adam", "Ftrl", "Momentum", "RMSProp", "SGD"])
def test_an_optimizer_by_name_is_the_one_that_optimize_loss_made(name: str, tmp_path: Path) -> None:
    prove(chosen_at_run_time(name), "legacy", tmp_path)


def prove(text: str, legacy: str, tmp_path: Path) -> None:
    """Convert a program and verify it against its legacy form in one runtime."""
    result = verification(text, legacy, tmp_path)
    assert result.verified, result.units[0].verification.reason
    proven = {row.check for row in result.units[0].verification.evidence if row.ok}
    assert proven >= {"builds", "weights", "inputs", "loss", "gradients", "training", "step counter"}


def verification(text: str, legacy: str, tmp_path: Path) -> ProgramVerification:
    """What the verification of a converted program says of each model, in one runtime."""
    for runtime in (legacy, "target"):
        if runtimes.absence(runtime):
            pytest.skip(runtimes.absence(runtime))
    conversion = convert({"train.py": text})
    after = {edit.path: edit.after for edit in conversion.edits}
    for side, files in (("before", {"train.py": text}), ("after", after)):
        (tmp_path / side).mkdir()
        for path, content in files.items():
            (tmp_path / side / path).write_text(content, encoding="utf-8")
    folders = (tmp_path / "before", tmp_path / "after")
    return verify_program(*folders, Entry.parse("train.py"), conversion.models, legacy)
