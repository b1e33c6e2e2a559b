"""Gradients on their way to the optimizer: one clipping of them all is an argument of it, anything else refuses."""

from __future__ import annotations

import pytest

from .small import converted, line_of, program, refused

HEAD = """
def model_fn(features, labels, mode, params):
    logits = tf.layers.dense(features["x"], 1)
    logits = tf.layers.dense(logits, 1)
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    optimizer = tf.train.AdamOptimizer(0.01)
"""
APPLY = """
    train_op = optimizer.apply_gradients({}, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions=logits, loss=loss, train_op=train_op)
"""


def applied(pairs: str, *statements: str) -> str:
    """A program whose model_fn applies these pairs of gradients and variables."""
    lines = "".join(f"    {line}\n" for statement in statements for line in statement.split("\n"))
    return program(model_fn=HEAD + lines + APPLY.format(pairs).lstrip("\n"))


FILLED = """clipped = []
for g, v in optimizer.compute_gradients(loss):
    if g is not None:
        clipped.append((tf.clip_by_value(g, -2.0, 2.0), v))"""
STORED = """pairs = optimizer.compute_gradients(loss)
for i, (g, v) in enumerate(pairs):
    if g is not None:
        pairs[i] = (tf.clip_by_norm(g, 5.0), v)"""
UNZIPPED = """gradients, variables = zip(*optimizer.compute_gradients(loss))
gradients = [None if g is None else tf.clip_by_norm(g, 5.0) for g in gradients]"""
BY_FUNCTION = """def clip(gradient):
    if gradient is None:
        return gradient
    return tf.clip_by_norm(gradient, 5.0)
pairs = [(clip(g), v) for g, v in optimizer.compute_gradients(loss)]"""
GLOBAL = """variables = tf.trainable_variables()
gradients, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 5.0)"""
IN_SOME_RUNS = """variables = tf.trainable_variables()
gradients = tf.gradients(loss, variables)
if params["clips"]:
    gradients, _ = tf.clip_by_global_norm(gradients, params["norm"])"""


@pytest.mark.parametrize(
    ("pairs", "statements", "argument"),
    [
        ("clipped", FILLED, "clipvalue=2.0"),
        ("pairs", STORED, "clipnorm=5.0"),
        ("zip(gradients, variables)", UNZIPPED, "clipnorm=5.0"),
        ("pairs", BY_FUNCTION, "clipnorm=5.0"),
        ("zip(gradients, variables)", GLOBAL, "global_clipnorm=5.0"),
        (
            "zip(gradients, variables)",
            IN_SOME_RUNS,
            'global_clipnorm=params["norm"] if params["clips"] else None',
        ),
    ],
)
def test_one_clipping_of_all_gradients_is_an_argument_of_the_optimizer(
    pairs: str, statements: str, argument: str
) -> None:
    after = " ".join(converted(applied(pairs, statements))["train.py"].split())
    assert f"epsilon=1e-08, {argument}" in after
    assert "apply_gradients" not in after


SCALED = """pairs = optimizer.compute_gradients(loss)
pairs = [(g * 0.1 if "dense_1" in v.name else g, v) for g, v in pairs]"""
SCALED_ALL = "pairs = [(g / 2.0, v) for g, v in optimizer.compute_gradients(loss)]"
CHOSEN = """pairs = [(g, v) for g, v in optimizer.compute_gradients(loss) if "dense_1" in v.name]"""
SOME_CLIPPED = """pairs = []
for g, v in optimizer.compute_gradients(loss):
    if "dense_1" in v.name:
        g = tf.clip_by_norm(g, 5.0)
    pairs.append((g, v))"""
OTHER_ORDER = """variables = tf.trainable_variables()
gradients = tf.gradients(loss, variables)"""
TWICE = """pairs = [(tf.clip_by_norm(g, 5.0), v) for g, v in optimizer.compute_gradients(loss)]
pairs = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs]"""
FIRST_STORED = """pairs = optimizer.compute_gradients(loss)
pairs[0] = (tf.clip_by_norm(pairs[0][0], 5.0), pairs[0][1])"""
LEFT_EARLY = """pairs = optimizer.compute_gradients(loss)
for i, (g, v) in enumerate(pairs):
    if i == 1:
        break
    pairs[i] = (tf.clip_by_norm(g, 5.0), v)"""
ONE_OR_ANOTHER = """pairs = optimizer.compute_gradients(loss)
if params["hard"]:
    pairs = [(tf.clip_by_norm(g, 1.0), v) for g, v in pairs]
else:
    pairs = [(tf.clip_by_norm(g, 5.0), v) for g, v in pairs]"""
BY_PARAMETER = """def clip(gradient, norm):
    return tf.clip_by_norm(gradient, norm)
norm = 1.0
pairs = [(clip(g, 5.0), v) for g, v in optimizer.compute_gradients(loss)]"""


@pytest.mark.parametrize(
    ("pairs", "statements"),
    [
        ("pairs", SCALED),
        ("pairs", SCALED_ALL),
        ("pairs", CHOSEN),
        ("pairs", SOME_CLIPPED),
        ("zip(gradients, variables[::-1])", OTHER_ORDER),
        ("zip(gradients[1:], variables[1:])", OTHER_ORDER),
        ("optimizer.compute_gradients(loss)[:1]", ""),
        ("pairs", TWICE),
        ("pairs", FIRST_STORED),
        ("pairs", LEFT_EARLY),
        ("pairs", ONE_OR_ANOTHER),
    ],
)
def test_gradients_that_are_not_all_treated_alike_refuse(pairs: str, statements: str) -> None:
    text = applied(pairs, statements)
    assert refused(text) == {("gradients", line_of(text, "apply_gradients"))}


def test_an_amount_that_only_another_function_knows_refuses() -> None:
    text = applied("pairs", BY_PARAMETER)
    assert refused(text) == {("gradients", line_of(text, "return tf.clip_by_norm"))}
