"""Names that programs give to namespaces of TensorFlow 1 that ended: `flags = tf.app.flags`."""

from __future__ import annotations

import pytest

from .small import HEAD, MODEL_FN, converted, line_of, program, refused


def headed(lines: str, model_fn: str = MODEL_FN) -> str:
    """The small program with statements of its own below the imports."""
    return program(model_fn=model_fn, head=f"{HEAD}\n{lines}\n")


def test_flags_keep_their_name_and_get_an_import() -> None:
    lines = "flags = tf.app.flags\nFLAGS = flags.FLAGS\n\nflags.DEFINE_integer('steps', 8, 'How many.')"
    after = converted(headed(lines))["train.py"]
    assert "from absl import flags\n" in after and "flags = " not in after
    assert "FLAGS = flags.FLAGS\n\nflags.DEFINE_integer('steps', 8, 'How many.')\n" in after


def test_layers_are_written_out() -> None:
    after = converted(headed("L = tf.layers", MODEL_FN.replace("tf.layers.", "L.")))["train.py"]
    assert "L = " not in after and "keras.layers.Dense(1)" in after


def test_a_namespace_that_is_still_there_keeps_its_name() -> None:
    assert "nn = tf.nn\n" in converted(headed("nn = tf.nn", MODEL_FN))["train.py"]


@pytest.mark.parametrize(
    "lines",
    [
        "log = tf.logging\nlog = tf.logging\nlog.info('x')",
        "log = tf.logging\nprint(log)",
        "log = tf.logging\n\n\ndef other(log):\n    log.info('x')",
        "__all__ = ['log']\nlog = tf.logging",
    ],
)
def test_a_name_that_is_more_than_that_refuses(lines: str) -> None:
    text = headed(lines)
    assert ("no-rule", line_of(text, "log = tf.logging")) in refused(text)


def test_a_name_that_something_without_a_rule_still_reads_refuses() -> None:
    lines = "c = tf.contrib.slim\n\n\ndef unused(x):\n    return c.nets.vgg.vgg_16(x)"
    text = headed(lines)
    assert ("no-rule", line_of(text, "c = tf")) in refused(text)
