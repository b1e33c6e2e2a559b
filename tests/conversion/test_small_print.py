"""Small things of programs that stand around a model: devices, log levels, debuggers, names of signatures."""

from __future__ import annotations

import subprocess

import pytest

from migrator.convert import convert
from migrator.verify import runtimes

from .small import HEAD, MODEL_FN, converted, line_of, program, refused

ON_DEVICE = """
def input_fn():
    x = np.arange(24, dtype="float32").reshape(8, 3)
    with tf.device(PLACE):
        return tf.data.Dataset.from_tensor_slices(({"x": x}, x.sum(1))).repeat().batch(4)
"""


@pytest.mark.parametrize("place", ['"/cpu:0"', 'device_name_or_function="/cpu:0"'])
def test_a_device_by_name_stays(place: str) -> None:
    after = converted(program(input_fn=ON_DEVICE.replace("PLACE", place)))["train.py"]
    assert '    with tf.device("/cpu:0"):\n        return tf.data' in after


@pytest.mark.parametrize("place", ['lambda op: "/cpu:0"', "placed"])
def test_a_function_that_places_operations_refuses(place: str) -> None:
    placed = HEAD + '\n\ndef placed(operation):\n    return "/cpu:0"\n'
    text = program(input_fn=ON_DEVICE.replace("PLACE", place), head=placed)
    assert refused(text) == {("device-function", line_of(text, "tf.device("))}


def test_a_log_level_looked_up_by_name_is_the_number_that_it_was() -> None:
    text = program().replace("def main():\n", "def main():\n    print(tf.logging.__dict__[str.upper(input())] / 10)\n")
    after = converted(text)["train.py"]
    assert "from absl import logging\n" in after
    assert "    print(logging.converter.string_to_standard(str.upper(input())) / 10)\n" in after


@pytest.mark.runtime
@pytest.mark.parametrize("name", ["legacy", "tf1", "target"])
def test_the_numbers_of_log_levels_are_those_of_python(name: str) -> None:
    if runtimes.absence(name):
        pytest.skip(runtimes.absence(name))
    code = """
from absl import logging
import tensorflow.compat.v1 as tf
for name in ("DEBUG", "INFO", "WARN", "ERROR", "FATAL"):
    assert tf.logging.__dict__[name] == logging.converter.string_to_standard(name), name
"""
    subprocess.run([str(runtimes.provide(name).python), "-c", code], check=True, capture_output=True)


DEBUGGED = HEAD + "from tensorflow.python import debug as tf_debug\n"
APPENDED = """    hooks = []
    if DEBUG:
        hooks.append(tf_debug.LocalCLIDebugHook())
    tf.estimator.Estimator(model_fn).train(input_fn, steps=8, hooks=hooks)
"""


def debugged(lines: str) -> str:
    """A program whose training is started by these lines."""
    text = program(head=DEBUGGED + "\nDEBUG = bool(input())\n")
    return text.replace("    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n", lines)


def test_hooks_of_the_debugger_go_with_a_finding_and_with_the_list_that_they_are_added_to() -> None:
    text = debugged(APPENDED)
    after = converted(text)["train.py"]
    assert "    build_model().fit(input_fn(), steps_per_epoch=8)" in after
    assert "hooks" not in after and "tf_debug" not in after and "if DEBUG" not in after
    notes = {f.rule for unit in convert({"train.py": text}).ledger.units for f in unit.findings}
    assert "debugging-hooks" in notes


def test_another_hook_in_the_list_refuses() -> None:
    own = (
        "\n\nclass Stop(tf.train.SessionRunHook):\n    def after_run(self, context, values):\n        context.stop()\n"
    )
    text = debugged(APPENDED.replace("    if DEBUG", "    hooks.append(Stop())\n    if DEBUG"))
    assert refused(text.replace("\nDEBUG", own + "\n\nDEBUG", 1))


@pytest.mark.parametrize("home", ["tensorflow.python.saved_model", "tensorflow.saved_model"])
def test_the_name_of_the_default_signature_is_written_out(home: str) -> None:
    head = (
        f"{HEAD}from {home} import signature_constants\n\nKEY = signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY\n"
    )
    outputs = "export_outputs={KEY: tf.estimator.export.PredictOutput({'y': logits})}"
    text = program(head=head, model_fn=MODEL_FN.replace('{"y": logits})', f'{{"y": logits}}, {outputs})'))
    assert "KEY = 'serving_default'\n" in converted(text)["train.py"]


def test_the_version_is_read_where_it_is_today() -> None:
    text = program().replace("def main():\n", "def main():\n    print(tf.VERSION, tf.__version__)\n")
    assert "print(tf.version.VERSION, tf.__version__)" in converted(text)["train.py"]


@pytest.mark.parametrize(
    "lines", ["print 'estimator'\n", "try:\n    pass\nexcept A, e:\n    pass\n", "if 1:\n        a = 1\n\tb = 2\n"]
)
def test_python_2_is_named_where_a_file_does_not_parse(lines: str) -> None:
    (problem,) = convert({"train.py": f"{lines}# Estimator\n"}).ledger.problems
    assert problem.message.endswith("this is Python 2: bring it to Python 3 first")
    (problem,) = convert({"train.py": "x = (  # Estimator\n"}).ledger.problems
    assert "Python 2" not in problem.message
