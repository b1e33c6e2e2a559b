"""What `predict` yields: examples, or whole batches where the program asks for these."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.verify.entry import Entry
from migrator.verify.program import run_program

from .small import converted, line_of, program, refused

TRAINED = program().replace(
    "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n",
    "    estimator = tf.estimator.Estimator(model_fn)\n"
    "    estimator.train(input_fn, steps=8)\n"
    "    for batch in estimator.predict(few_rows, yield_single_examples=False):\n"
    '        print(batch["y"].shape)\n',
)
BATCHES = TRAINED.replace(
    "def model_fn",
    "def few_rows():\n    return tf.data.Dataset.from_tensor_slices({'x': np.ones((5, 3), 'float32')}).batch(4)\n\n\n"
    "def model_fn",
)

FORM = """
def form(value):
    if isinstance(value, dict):
        return "form: " + " ".join("%s %s" % (name, np.shape(value[name])) for name in sorted(value))
    return "form: %s %s" % (type(value).__name__, np.shape(value))
"""


def test_predictions_come_batch_by_batch_where_they_did() -> None:
    assert "for batch in predict_batches(estimator, few_rows()):" in converted(BATCHES)["train.py"]
    single = BATCHES.replace("examples=False", "examples=True")
    assert "for batch in predict_examples(estimator, few_rows()):" in converted(single)["train.py"]


@pytest.mark.runtime
@pytest.mark.parametrize("batches", [True, False])
@pytest.mark.parametrize("predictions", ["logits", '{"y": logits, "twice": 2 * logits}'])
def test_each_prediction_has_the_form_that_it_had(predictions: str, batches: bool, tmp_path: Path) -> None:
    text = BATCHES.replace('{"y": logits}', predictions).replace('batch["y"].shape', "form(batch)")
    text = text.replace("examples=False", f"examples={not batches}").replace("def model_fn", f"{FORM}\n\ndef model_fn")
    said = []
    for runtime, sources in (("legacy", {"train.py": text}), ("target", converted(text))):
        folder = tmp_path / runtime
        folder.mkdir()
        for name, source in sources.items():
            (folder / name).write_text(source, encoding="utf-8")
        run = run_program(folder, Entry(script="train.py"), runtime)
        assert run.failure == ""
        said.append([line for line in run.printed.splitlines() if line.startswith("form:")])
    assert said[0] == said[1]
    assert len(said[0]) == (2 if batches else 5)


def test_examples_or_batches_by_a_setting_of_the_program_refuse() -> None:
    text = BATCHES.replace("examples=False", 'examples=input() == "single"')
    assert refused(text) == {("estimator-argument", line_of(text, "yield_single_examples"))}


@pytest.mark.parametrize("key", ['("a", "y")', '(__file__, "y")'])
def test_tensors_in_a_dictionary_are_tensors_whatever_their_keys(key: str) -> None:
    before = "    if mode == tf.estimator.ModeKeys.PREDICT"
    text = program().replace(before, f"    answers = {{{key}: 2 * logits}}\n{before}", 1)
    after = converted(text.replace('{"y": logits}', "answers"))["train.py"]
    assert f"return {{{key}: 2 * logits}}" in after
