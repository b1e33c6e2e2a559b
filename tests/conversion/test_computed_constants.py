"""Calls of Python's own functions are computed where that is safe: an error of the user's stays the user's."""

from __future__ import annotations

import pytest

from .small import MODEL_FN, converted, program


@pytest.mark.parametrize(
    "computed",
    ["range(0, 3, 0)", "range(10 ** 30)", "range(None)", "int('many')", "'{0[1]}'.format(1)", "pow(7, 10 ** 9)"],
)
def test_what_raises_or_never_ends_is_unknown(computed: str) -> None:
    text = program(
        model_fn=MODEL_FN.replace("mode):\n", f"mode):\n    if features is None:\n        unused = {computed}\n")
    )
    assert "keras.layers.Dense(1)" in converted(text)["train.py"]
