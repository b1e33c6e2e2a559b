"""A notebook is read for what is in it, and is never changed."""

from __future__ import annotations

import json

import pytest

from migrator.convert import convert
from migrator.workspace import notebooks

CELLS = [
    "%matplotlib inline\nimport tensorflow as tf",
    "%%bash\nls",
    "print 'Python 2'",
    "def my_model_fn(features, labels, mode):\n"
    "    !nvidia-smi\n"
    "    logits = tf.layers.dense(features['x'], 3)\n"
    "    return tf.estimator.EstimatorSpec(mode, predictions=logits)\n",
    "estimator = tf.estimator.Estimator(my_model_fn)",
]


def notebook(cells: list[str]) -> bytes:
    shown = [{"cell_type": "code", "source": [line + "\n" for line in cell.split("\n")]} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "# title"}, *shown], "nbformat": 4}).encode()


def test_code_cells_become_one_text_and_what_is_not_python_a_comment() -> None:
    text = notebooks.code(notebook(CELLS))
    assert "pass  # %matplotlib inline\nimport tensorflow as tf" in text
    assert "# %%bash\n# ls" in text and "# print 'Python 2'" in text
    assert "    pass  # !nvidia-smi\n    logits" in text
    compile(text, "book", "exec")


def test_the_model_fn_of_a_notebook_is_in_the_ledger_with_a_reason() -> None:
    result = convert({"book.ipynb": notebooks.code(notebook(CELLS))})
    assert result.edits == ()
    (unit,) = [u for u in result.ledger.units if u.kind == "model_fn"]
    assert (unit.name, unit.status) == ("my_model_fn", "skipped")
    assert unit.findings[0].rule == "notebook" and "nbconvert" in unit.findings[0].message


def test_what_only_looks_like_a_model_fn_is_in_the_ledger_too() -> None:
    text = "import tensorflow as tf  # for an Estimator\n\n\ndef build(features, labels, mode):\n    return make()\n"
    (unit,) = convert({"a.py": text}).ledger.units
    assert (unit.kind, unit.name, unit.status, unit.findings[0].rule) == ("model_fn", "build", "skipped", "unattached")


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": [1]}', b"\xff\xfe"])
def test_what_is_no_notebook_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a notebook"):
        notebooks.code(data)
