"""A notebook with two canned estimators, one after the other: converted by the command, proven, and written back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.workspace import notebooks

pytestmark = pytest.mark.runtime

CELLS = [
    "!pip list\n%matplotlib inline",
    "import numpy as np\nimport tensorflow as tf\n\ncolumns = [tf.feature_column.numeric_column('size', shape=[2])]",
    "%%bash\nls",
    "SIZE = np.random.RandomState(0).rand(60, 2).astype('float32')\n\n\n"
    "def input_fn(epochs=None):\n"
    "    dataset = tf.data.Dataset.from_tensor_slices(({'size': SIZE}, SIZE.sum(axis=1)))\n"
    "    return dataset.repeat(epochs).batch(12)",
    "%%time\nmodel = tf.estimator.LinearRegressor(columns)\nmodel.train(input_fn, steps=12)",
    "print('%.4f' % model.evaluate(lambda: input_fn(1))['average_loss'])",
    "# The same with hidden layers.\nmodel = tf.estimator.DNNRegressor([8], columns)\nmodel.train(input_fn, steps=24)",
    "print('%.4f' % model.evaluate(lambda: input_fn(1))['average_loss'])\nmodel.evaluate(lambda: input_fn(1))",
]


def migrate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the command on a folder, with its report in there."""
    words = [sys.executable, "-m", "migrator", "--report", str(folder / "migration-report"), *options, str(folder)]
    return subprocess.run(words, capture_output=True, text=True, timeout=900)


def test_a_notebook_is_proven_and_written_back(tmp_path: Path) -> None:
    book = tmp_path / "Two models.ipynb"
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in CELLS]
    book.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 2}, indent=1))
    ran = migrate(tmp_path, "--verify")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report = json.loads((tmp_path / "migration-report" / "report.json").read_text())
    units = [unit for unit in report["units"] if unit["kind"] == "canned_estimator"]
    assert [(unit["name"], unit["status"], unit["verification"]["status"]) for unit in units] == [
        ("LinearRegressor", "converted", "verified"),
        ("DNNRegressor", "converted", "verified"),
    ]
    after = ["".join(cell["source"]) for cell in json.loads(book.read_text())["cells"]]
    assert [after[0], after[2], after[3]] == [CELLS[0], CELLS[2], CELLS[3]]
    assert after[4].endswith("model.fit(input_fn(), steps_per_epoch=12)") and "%%time" in after[4]
    assert "# The same with hidden layers.\nmodel = build_dnn_regressor(" in after[6]
    again = migrate(tmp_path, "--check")
    assert again.returncode == 0, again.stdout + again.stderr
    assert not list(tmp_path.glob(notebooks.script_path("*.ipynb")))
