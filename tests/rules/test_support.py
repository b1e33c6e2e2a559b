"""The support module: composed as a Keras author would write it, and its classes do what they say."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from migrator.emit.support import pieces, support_names, support_source
from migrator.verify.runtimes import RuntimeAbsent, provide

WORKER = Path(__file__).parent / "workers" / "support.py"


def test_a_module_holds_what_is_asked_and_what_that_needs() -> None:
    source = support_source(["RowRMSProp"])
    assert [n.name for n in ast.parse(source).body if isinstance(n, (ast.ClassDef, ast.FunctionDef))] == [
        "RMSProp",
        "sum_duplicate_rows",
        "RowUpdates",
        "RowRMSProp",
    ]
    assert "import keras\nimport tensorflow as tf\n" in source


def test_imports_are_those_that_are_used() -> None:
    assert "tensorflow as tf" not in support_source(["Momentum"])
    assert "import keras" not in support_source(["div"])


def test_composing_is_a_function_of_the_set_of_names() -> None:
    assert support_source(["where", "div"]) == support_source(["div", "where", "div"])


def test_a_composed_module_can_be_read_back_and_merged() -> None:
    names = support_names(support_source(["RowFtrl"]))
    assert names is not None
    merged = support_source(names | {"Momentum"})
    assert support_names(merged) == names | {"Momentum"}


def test_a_module_that_a_person_changed_is_not_taken_for_ours() -> None:
    source = support_source(["Momentum"])
    assert support_names(source.replace("0.2 %", "0.3 %")) is None
    assert support_names(source + "\n\ndef more():\n    pass\n") is None
    assert support_names("not python (") is None


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        support_source(["Elephant"])


@pytest.mark.parametrize("name", sorted(pieces()))
def test_a_piece_is_documented_and_needs_no_package_beside_keras_and_tensorflow(name: str) -> None:
    source = support_source([name])
    tree = ast.parse(source)
    node = next(n for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef)) and n.name == name)
    assert ast.get_docstring(node)
    assert max(map(len, source.splitlines())) <= 120
    assert {n.names[0].name for n in tree.body if isinstance(n, ast.Import)} <= {
        "keras",
        "numpy",
        "tensorflow",
        *sys.stdlib_module_names,
    }


@pytest.mark.runtime
def test_the_classes_do_what_they_say(tmp_path: Path) -> None:
    try:
        python = provide("target").python
    except RuntimeAbsent as reason:
        pytest.skip(str(reason))
    (tmp_path / "support.py").write_text(support_source(pieces()))
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(
        [str(python), str(WORKER), "support.py", "facts.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=quiet,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert facts["evaluate loss"] == pytest.approx(facts["mean of batch losses"], rel=1e-6)
    assert facts["evaluate loss"] != pytest.approx(facts["mean over rows"], rel=1e-3)
    assert facts["evaluate keys"] == ["global_step", "loss", "mean_squared_error"]
    assert facts["global_step"] == 3
    assert facts["loss without regularisation"] and facts["loss with regularisation where the model adds it"]
    assert facts["evaluate as a list"] == "list"
    assert facts["examples"] == {"dict": 5, "bare": 5}
    assert facts["bare shapes"] == [[2]] * 5 and facts["dict keys"] == ["a", "b"]
    assert facts["examples are lazy"]
    assert facts["batches"] == [[["b", [3]]], [["b", [2]]]]
    assert facts["bare batches"] == [[3, 2], [2, 2]]
    assert facts["saved and loaded"] == dict.fromkeys(facts["saved and loaded"], 0.0)
    assert facts["steps of a resumed model"] == [4, 7]
    assert facts["a resumed model predicts alike"] < 1e-6
    assert facts["evaluation of a resumed model"] == 7
    assert facts["steps of two resumed optimizers"] == [8, 8]
    assert facts["two resumed optimizers"] < 1e-6
    assert facts["a model without a folder"] == 4
    assert facts["a folder of TensorFlow 1"] == "RuntimeError"
    assert facts["a folder without a model"] == "ValueError"
    assert facts["sizes of the parts"] == [16, 4, 10]
    assert facts["first training image"] and facts["first training label"]
    assert facts["schedules"] == {
        "train": [7, None, []],
        "train_and_evaluate": [10, 10, [10]],
        "at checkpoints": [10, 10, [4, 8, 10]],
        "only at the end": [10, 10, [10]],
        "to the end of the data": [10, 10, [10]],
        "in turns": [12, 12, [4, 8, 12]],
        "test": [1, 1, [1]],
    }
    assert facts["last steps"] == {
        "no increase for 20": 50,
        "no increase for 10": 40,
        "no increase for 10, from 40 on": 50,
        "no decrease for 20": 30,
        "higher than 2": 30,
        "lower than 2": 10,
        "lower than 2, from 20 on": 60,
        "lower than 0": 65,
    }
    assert facts["training reads on after an evaluation"] == 0.0
    assert facts["an experiment that is done already"] == [True, 6, []]
    assert facts["an evaluation with a metric more"] == [["error", "global_step", "loss"], True]
    assert facts["that metric"] < 1e-6
    assert facts["a predictor"] == {
        "keys": ["output"],
        "it keeps its weights": True,
        "the model keeps its own": True,
    }
    saved = facts["predictors of a saved model"]
    assert (saved["keys"], saved["arrays"]) == (["output"], True) and saved["difference"] < 1e-6
    assert facts["shapes"] == [[10, 28, 28, 1], [10]]
    assert (facts["rows of one epoch"], facts["epochs"]) == (16, 1)
    assert facts["table"] == [[[0.5, 1.5, 2.5], [3.5, 4.5, 5.5]], [1, 0]]
    assert facts["fused variance"] < 1e-6 and facts["fused gradients"] < 1e-4
    assert facts["not fused in float64"] < 1e-12
    assert facts["kernels of an LSTM"] == {"few": 1, "many": 0, "double": 0}
    assert facts["gaps of an LSTM"]["few"] < 1e-5
    assert facts["gaps of an LSTM"]["many"] == facts["gaps of an LSTM"]["double"] == 0.0
    assert facts["a mask that is not that of lengths"] == "refused"
    assert facts["first embedding"] == [pytest.approx(0.88, abs=0.05), pytest.approx(2.0, abs=0.2)]
    assert facts["indicators"] == [[1, 0], [0, 1], [0, 0], [0, 0]]
    assert facts["rows without a word"] == [True, True, False, True]
    assert facts["trained rows"] == [True, True, True]
    assert max(facts["columns saved and served"]) < 1e-6
    assert "different names" in facts["two columns of one name"]
