"""`tf.contrib.layers.optimize_loss` is an optimizer, a clipping and a minimisation."""

from __future__ import annotations

import pytest

from migrator.convert import convert

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
        ('0.1, "Momentum"', 'named_optimizer("Momentum", 0.1)'),
    ],
)
def test_the_optimizer_is_written_out(arguments: str, optimizer: str) -> None:
    assert f"optimizer={optimizer}" in converted(optimized(arguments))["train.py"]


NAMED = MODEL_FN.replace("mode)", "mode, params)", 1).replace(
    MINIMIZE,
    "tf.contrib.layers.optimize_loss(\n"
    '        loss, None, params["rate"], params["optimizer"], clip_gradients=params["clip"]\n    )',
)


def chosen_at_run_time(name: str) -> str:
    """The small program whose optimizer is a parameter."""
    params = f'{{"rate": 0.1, "clip": 0.5, "optimizer": "{name}"}}'
    return program(model_fn=NAMED).replace("Estimator(model_fn)", f"Estimator(model_fn, params={params})")


def test_an_optimizer_that_is_chosen_at_run_time_is_chosen_by_name() -> None:
    text = chosen_at_run_time("Adam")
    after = " ".join(converted(text)["train.py"].split())
    assert 'named_optimizer( params["optimizer"], params["rate"], global_clipnorm=params["clip"]' in after
    found = {
        f.severity for u in convert({"train.py": text}).ledger.units for f in u.findings if f.rule == "optimize-loss"
    }
    assert found == {"warning"}


def test_embeddings_get_the_optimizers_of_rows() -> None:
    table = 'tf.nn.embedding_lookup(tf.get_variable("table", [24, 3]), tf.cast(features["x"][:, 0], tf.int32))'
    text = chosen_at_run_time("Adam").replace('tf.layers.dense(features["x"], 1)', f"tf.layers.dense({table}, 1)")
    assert "named_row_optimizer(" in converted(text)["train.py"]


@pytest.mark.parametrize(
    "arguments",
    [
        "0.1, lambda rate: tf.train.GradientDescentOptimizer(rate)",
        '0.1, "SGD", gradient_noise_scale=0.1',
        '0.1, "SGD", learning_rate_decay_fn=lambda rate, step: rate',
        '0.1, "SGD", increment_global_step=False',
    ],
)
def test_what_it_does_beyond_that_refuses(arguments: str) -> None:
    assert {rule for rule, _ in refused(optimized(arguments))} == {"optimize-loss"}
