"""`tf.contrib.layers.optimize_loss` is an optimizer, a clipping and a minimisation."""

from __future__ import annotations

import pytest

from .small import MODEL_FN, converted, program, refused

MINIMIZE = "tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())"


def optimized(arguments: str) -> str:
    """The small program with its train_op made by optimize_loss."""
    call = f"tf.contrib.layers.optimize_loss(loss, tf.train.get_global_step(), {arguments})"
    return program(model_fn=MODEL_FN.replace(MINIMIZE, call))


CLIPPED = optimized('0.1, "SGD", clip_gradients=0.5')


@pytest.mark.parametrize(
    ("arguments", "optimizer"),
    [
        ('0.1, "SGD"', "keras.optimizers.SGD(0.1)"),
        ('learning_rate=0.1, optimizer="Adam"', "keras.optimizers.Adam(0.1, epsilon=1e-08)"),
        ("0.1, tf.train.GradientDescentOptimizer", "keras.optimizers.SGD(0.1)"),
        ("0.1, tf.train.GradientDescentOptimizer(0.2)", "keras.optimizers.SGD(0.2)"),
        ('0.1, "SGD", clip_gradients=0.5', "keras.optimizers.SGD(0.1, global_clipnorm=0.5)"),
    ],
)
def test_the_optimizer_is_written_out(arguments: str, optimizer: str) -> None:
    assert f"optimizer={optimizer}" in converted(optimized(arguments))["train.py"]


@pytest.mark.parametrize(
    "arguments",
    [
        '0.1, "Momentum"',
        "0.1, lambda rate: tf.train.GradientDescentOptimizer(rate)",
        '0.1, "SGD", gradient_noise_scale=0.1',
        '0.1, "SGD", learning_rate_decay_fn=lambda rate, step: rate',
        '0.1, "SGD", increment_global_step=False',
    ],
)
def test_what_it_does_beyond_that_refuses(arguments: str) -> None:
    assert {rule for rule, _ in refused(optimized(arguments))} == {"optimize-loss"}
