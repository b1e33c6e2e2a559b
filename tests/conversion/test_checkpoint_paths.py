"""Calls that name a checkpoint: the last one of the Estimator's folder is what its model holds; others refuse."""

from __future__ import annotations

import pytest

from migrator.convert import convert

from .small import converted, line_of, program, reasons, refused

TRAIN = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
MADE = '    estimator = tf.estimator.Estimator(model_fn, model_dir="m")\n    estimator.train(input_fn, steps=8)\n'
CONFIGURED = '    estimator = tf.estimator.Estimator(model_fn, config=tf.estimator.RunConfig(model_dir="m"))\n'


def reading(path: str, made: str = MADE, after: str = "") -> str:
    """A program that evaluates and predicts with a checkpoint."""
    calls = f"    estimator.evaluate(input_fn, steps=2, checkpoint_path={path})\n"
    calls += f"    print(next(estimator.predict(input_fn, checkpoint_path={path})))\n"
    return program().replace(TRAIN, made + calls + after)


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("estimator.latest_checkpoint()", MADE),
        ('tf.train.latest_checkpoint("m")', MADE),
        ('tf.train.latest_checkpoint("m")', CONFIGURED),
        ("tf.train.latest_checkpoint(estimator.model_dir)", MADE),
        ("NOTHING", MADE.replace("    est", "    NOTHING = None\n    est", 1)),
    ],
)
def test_the_last_checkpoint_is_what_the_model_holds(path: str, made: str) -> None:
    after = converted(reading(path, made))["train.py"]
    assert "    estimator.evaluate(input_fn(), steps=2)\n" in after and "latest" not in after
    assert "    print(next(predict_examples(estimator, input_fn())))\n" in after


def test_a_folder_fails_in_the_legacy_program() -> None:
    text = reading('"m"')
    assert "    estimator.evaluate(input_fn(), steps=2)\n" in converted(text)["train.py"]
    assert any("with which the legacy call fails" in one for one in reasons(convert({"train.py": text})))


@pytest.mark.parametrize(
    "path",
    [
        '"m/model.ckpt-8"',
        'tf.train.latest_checkpoint("other")',
        "tf.train.latest_checkpoint(folder())",
        "tf.estimator.Estimator(model_fn).latest_checkpoint()",
    ],
)
def test_any_other_refuses(path: str) -> None:
    text = reading(path)
    assert ("estimator-argument", line_of(text, "estimator.evaluate")) in refused(text)


def test_predictions_of_a_checkpoint_before_a_training_refuse() -> None:
    text = reading("estimator.latest_checkpoint()", after="    estimator.train(input_fn, steps=8)\n")
    assert refused(text) == {("estimator-argument", line_of(text, "estimator.predict"))}


@pytest.mark.parametrize(("value", "fine"), [("None", True), ('"other"', False), ("None if ask() else 'other'", False)])
def test_a_start_from_elsewhere_refuses_unless_it_is_none(value: str, fine: bool) -> None:
    made = f"    start = {value}\n" + TRAIN.replace("(model_fn)", "(model_fn, warm_start_from=start)")
    text = program().replace(TRAIN, made)
    if fine:
        assert "    build_model().fit(input_fn(), steps_per_epoch=8)\n" in converted(text)["train.py"]
    else:
        assert refused(text) == {("estimator-argument", line_of(text, "warm_start_from"))}
