"""Small programs as text, and their conversion."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from migrator.conversion import Conversion
from migrator.convert import convert

MODEL_FN = """
def model_fn(features, labels, mode):
    logits = tf.layers.dense(features["x"], 1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={"y": logits})
    loss = tf.losses.mean_squared_error(labels, tf.squeeze(logits, axis=1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)
"""
DATA = """
    x = np.arange(24, dtype="float32").reshape(8, 3)
    y = x.sum(1)
"""
HEAD = "import numpy as np\nimport tensorflow as tf\n"


def program(*, input_fn: str = "", model_fn: str = MODEL_FN, head: str = HEAD, data: str = "input_fn") -> str:
    """A program that trains for eight steps on `data`, evaluates nothing, and makes its own data."""
    made = textwrap.dedent(input_fn) or (
        "def input_fn():" + DATA + '    return tf.data.Dataset.from_tensor_slices(({"x": x}, y)).repeat().batch(4)\n'
    )
    main = f"\n\ndef main():\n    tf.estimator.Estimator(model_fn).train({data}, steps=8)\n"
    return f"{head}\n\n{made}\n{textwrap.dedent(model_fn)}{main}\n\nif __name__ == '__main__':\n    main()\n"


def converted(text: str | Mapping[str, str]) -> dict[str, str]:
    """The files after the conversion; everything must have been converted."""
    sources = {"train.py": text} if isinstance(text, str) else dict(text)
    conversion = convert(sources)
    assert {unit.status for unit in conversion.ledger.units} == {"converted"}, reasons(conversion)
    return {**sources, **{edit.path: edit.after for edit in conversion.edits}}


def refused(text: str | Mapping[str, str]) -> set[tuple[str, int]]:
    """(rule, line) of every reason; nothing must have been converted."""
    conversion = convert({"train.py": text} if isinstance(text, str) else dict(text))
    assert {unit.status for unit in conversion.ledger.units} == {"skipped"}
    assert conversion.edits == ()
    return {(f.rule, f.line) for unit in conversion.ledger.units for f in unit.findings if f.severity == "error"}


def reasons(conversion: Conversion) -> list[str]:
    """Why units were refused."""
    return [f"{f.rule}:{f.line} {f.message}" for unit in conversion.ledger.units for f in unit.findings]


def line_of(text: str, part: str) -> int:
    """The number of the first line that holds `part`."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)
