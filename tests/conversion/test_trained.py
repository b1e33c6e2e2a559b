"""`Estimator.train` returns the Estimator: calls on what it gives are calls on the model."""

from __future__ import annotations

import pytest

from .small import converted, program, refused

TRAIN = "    tf.estimator.Estimator(model_fn).train(input_fn, steps=8)\n"
MADE = "    estimator = tf.estimator.Estimator(model_fn)\n"
NAMED = "    estimator = estimator.train(input_fn, max_steps=8)\n    print(estimator.evaluate(input_fn, steps=2))\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{MADE}    estimator.train(input_fn, steps=8).evaluate(input_fn, steps=2)\n",
            "    trained(estimator, input_fn(), steps_per_epoch=8).evaluate(input_fn(), steps=2)\n",
        ),
        (MADE + NAMED, "    estimator = fit_until(estimator, input_fn(), max_steps=8)\n"),
        (MADE + NAMED, "    print(estimator.evaluate(input_fn(), steps=2))\n"),
        (f"{MADE}    return estimator.train(input_fn)\n", "    return trained(estimator, input_fn())\n"),
        (f"{MADE}    estimator.train(input_fn)\n", "    estimator.fit(input_fn())\n"),
    ],
)
def test_what_train_returns_is_the_model(before: str, after: str) -> None:
    assert after in converted(program().replace(TRAIN, before))["train.py"]


def test_a_library_that_is_handed_it_is_handed_the_estimator() -> None:
    handed = f"{MADE}    tf.contrib.learn.export(estimator.train(input_fn, steps=8))\n"
    assert {rule for rule, _ in refused(program().replace(TRAIN, handed))} == {"estimator-escapes"}
