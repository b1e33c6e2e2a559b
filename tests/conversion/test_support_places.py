"""Where the support module is imported from: the package that the importers name, or the folder of the script.

A script's own folder comes first where Python looks for modules, whichever file imports one.
"""

from __future__ import annotations

import pytest

from migrator.emit.support import support_names

from .small import MODEL_FN, converted, program

NORMED = "FusedBatchNormalization"
NET = """import tensorflow as tf


def logits_of(x, training):
    x = tf.layers.batch_normalization(x, training=training, name="norm")
    return tf.layers.dense(x, 1, name="logits")
"""
OTHER = """import tensorflow as tf
import net


if __name__ == "__main__":
    print(net.__name__)
"""
UPDATES = """    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
"""


def trained(importing: str, called: str) -> str:
    """A script that trains a network of another file."""
    training = "mode == tf.estimator.ModeKeys.TRAIN"
    model_fn = MODEL_FN.replace('tf.layers.dense(features["x"], 1)', f'{called}(features["x"], {training})')
    step = next(line for line in MODEL_FN.split("\n") if "train_op = " in line)
    model_fn = model_fn.replace(f"{step}\n", UPDATES)
    return program(model_fn=model_fn, head=f"import numpy as np\nimport tensorflow as tf\n{importing}\n")


@pytest.mark.parametrize(
    ("importing", "called"),
    [
        ("from nets import net", "net.logits_of"),
        ("from nets.net import logits_of", "logits_of"),
        ("import nets.net", "nets.net.logits_of"),
    ],
)
def test_a_file_of_a_package_finds_it_under_the_name_of_the_package(importing: str, called: str) -> None:
    after = converted({"train.py": trained(importing, called), "nets/net.py": NET})
    assert f"from nets.estimator_semantics import {NORMED}\n" in after["nets/net.py"]
    assert NORMED in (support_names(after["nets/estimator_semantics.py"]) or ())
    assert NORMED not in (support_names(after["estimator_semantics.py"]) or ())


@pytest.mark.parametrize("init", [{}, {"nets/__init__.py": ""}], ids=["a folder", "a package"])
def test_a_file_that_is_imported_alone_too_finds_it_beside_each_script(init: dict[str, str]) -> None:
    main = trained("from nets import net", "net.logits_of")
    after = converted({"train.py": main, "nets/net.py": NET, "nets/show.py": OTHER, **init})
    assert f"from estimator_semantics import {NORMED}\n" in after["nets/net.py"]
    for folder in ("", "nets/"):
        assert NORMED in (support_names(after[f"{folder}estimator_semantics.py"]) or ())


def test_a_file_on_another_search_path_finds_that_of_the_script_first() -> None:
    path = "import sys\nsys.path.append('nets')\nimport net"
    after = converted({"run/train.py": trained(path, "net.logits_of"), "net.py": NET})
    assert f"from estimator_semantics import {NORMED}\n" in after["net.py"]
    assert NORMED in (support_names(after["estimator_semantics.py"]) or ())
    assert {NORMED, "EstimatorModel"} <= (support_names(after["run/estimator_semantics.py"]) or set())


def test_tests_make_no_other_copies() -> None:
    tests = "import unittest\nfrom nets import net\n\nif __name__ == '__main__':\n    unittest.main()\n"
    main = trained("import net", "net.logits_of")
    after = converted({"nets/train.py": main, "nets/net.py": NET, "tests/test_net.py": tests})
    assert [path for path in after if path.endswith("estimator_semantics.py")] == ["nets/estimator_semantics.py"]
