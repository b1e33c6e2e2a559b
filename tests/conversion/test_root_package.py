"""A root that is a package itself: files import each other under the name of a folder that is not in the tree."""

from __future__ import annotations

import pytest

from migrator.source.project import Project

from .small import MODEL_FN, converted, program

NET = {"__init__.py": "", "net.py": "", "data.py": "", "deep/__init__.py": "", "deep/layers.py": ""}
NAMES = {
    "of all modules": ("digits", "from digits import net\nfrom digits.data import x\n"),
    "of modules in folders": ("digits", "import digits.deep.layers as layers\nfrom digits import (\n    net)\n"),
    "with few that are not there": ("digits", "from digits import net, data_pb2\nfrom digits import data, deep, io\n"),
    "of a library with one of the same name": (None, "from tools import net\nfrom tools.more import x\n"),
    "of a library with two, and many others": (None, "from t import net\nfrom t import data\nfrom t.a import b\n"),
    "of modules that are imported alone too": (None, "from digits import net\nfrom digits import data\nimport net\n"),
    "of a library that is known": (None, "from keras import net\nfrom keras import data\n"),
    "none": (None, "import os.path\nfrom . import net\nfrom .data import x\n"),
}


@pytest.mark.parametrize(("name", "text"), NAMES.values(), ids=NAMES)
def test_the_name_is_told_by_imports(name: str | None, text: str) -> None:
    assert Project({**NET, "train.py": text}).root_package == name


def test_there_is_none_without_an_init() -> None:
    files = {"net.py": "", "data.py": "", "train.py": NAMES["of all modules"][1]}
    assert Project(files).root_package is None


def test_a_program_of_such_a_root_is_converted() -> None:
    net = "import tensorflow as tf\n\n\ndef logits_of(x):\n    return tf.layers.dense(x, 1, name='logits')\n"
    train = program(
        head="import numpy as np\nimport tensorflow as tf\nfrom digits import net\nfrom digits.data import SIZE\n",
        model_fn=MODEL_FN.replace('tf.layers.dense(features["x"], 1)', 'net.logits_of(features["x"] * SIZE)'),
    )
    after = converted({"__init__.py": "", "net.py": net, "data.py": "SIZE = 2.0\n", "train.py": train})
    assert "class LogitsOf(keras.layers.Layer):" in after["net.py"]
    assert "self.logits_of = net.LogitsOf()" in after["train.py"]
    assert "from digits.estimator_semantics import EstimatorModel" in after["train.py"]
