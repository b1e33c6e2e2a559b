"""Hooks that end a training: by what evaluations gave, as callbacks; at a step, as the number of steps."""

from __future__ import annotations

import pytest

from .small import MODEL_FN, converted, program, refused

MAIN = """
def main():
    config = tf.estimator.RunConfig("models", save_checkpoints_steps=4)
    estimator = tf.estimator.Estimator(model_fn, config=config)
    HOOK
    train_spec = tf.estimator.TrainSpec(input_fn, max_steps=8, hooks=HOOKS)
    tf.estimator.train_and_evaluate(estimator, train_spec, tf.estimator.EvalSpec(input_fn, steps=2))
"""


def trained(hook: str, hooks: str = "[hook]") -> str:
    """A program that trains with evaluations, and with these hooks."""
    text = program(model_fn=MODEL_FN)
    head, rest = text.split("\n\ndef main():", 1)
    main = MAIN.replace("HOOK\n", f"{hook}\n").replace("HOOKS", hooks)
    return f"{head}\n{main}\n\nif __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("made", "after"),
    [
        (
            'tf.contrib.estimator.stop_if_no_increase_hook(estimator, "f1", 500, min_steps=80, run_every_secs=120)',
            'StopIfNoIncrease("f1", 500, min_steps=80)',
        ),
        (
            "tf.estimator.experimental.stop_if_no_decrease_hook("
            'estimator, metric_name="loss", max_steps_without_decrease=100)',
            'StopIfNoDecrease(metric_name="loss", max_steps_without_decrease=100)',
        ),
        ('tf.contrib.estimator.stop_if_lower_hook(estimator, "loss", 0.1)', 'StopIfLower("loss", 0.1)'),
        ('tf.contrib.estimator.stop_if_higher_hook(estimator, "f1", 0.9)', 'StopIfHigher("f1", 0.9)'),
    ],
)
def test_a_hook_that_looks_at_evaluations_is_a_callback(made: str, after: str) -> None:
    text = converted(trained(f"hook = {made}"))["train.py"]
    assert f"hook = {after}" in " ".join(text.split()).replace("( ", "(").replace(" )", ")")
    assert "callbacks=[hook]" in text


def test_reporting_hooks_beside_it_go() -> None:
    made = 'tf.contrib.estimator.stop_if_lower_hook(estimator, "loss", 0.1)'
    text = converted(trained("pass", f"[tf.train.StepCounterHook(), {made}]"))["train.py"]
    assert 'callbacks=[StopIfLower("loss", 0.1)]' in text


@pytest.mark.parametrize(
    ("hook", "hooks"),
    [
        ('hook = tf.contrib.estimator.stop_if_lower_hook(estimator, "loss", 0.1, eval_dir="other")', "[hook]"),
        ("hook = tf.train.FinalOpsHook([])", "[hook]"),
        ('hook = tf.contrib.estimator.stop_if_lower_hook(estimator, "loss", 0.1)', "[hook, tf.train.FinalOpsHook([])]"),
    ],
)
def test_other_hooks_refuse(hook: str, hooks: str) -> None:
    assert refused(trained(hook, hooks))


def test_a_last_step_is_the_number_of_steps() -> None:
    text = program().replace("steps=8", "hooks=[tf.train.StopAtStepHook(last_step=8)]")
    assert "fit_until(build_model(), input_fn(), max_steps=8)" in converted(text)["train.py"]
    text = program().replace("steps=8", "hooks=[tf.train.StopAtStepHook(num_steps=8)]")
    assert "build_model().fit(input_fn(), steps_per_epoch=8)" in converted(text)["train.py"]
    assert refused(program().replace("steps=8", "steps=9, hooks=[tf.train.StopAtStepHook(num_steps=8)]"))
