"""Finished runs to make reports from."""

from __future__ import annotations

from pathlib import Path

from migrator.conversion import FileEdit
from migrator.ledger import (
    Evidence,
    FileProblem,
    Finding,
    Ledger,
    LossCurve,
    Symbol,
    Target,
    Unit,
    Verification,
)
from migrator.session import Mode, Outcome, Request
from migrator.workspace.discovery import Project

LEGACY = '''"""Docs
over two lines."""
import tensorflow as tf


def model_fn(features, labels, mode):
    # <b>a comment</b>
    net = tf.layers.dense(features["x"], 10)
    return net


def train_input_fn():
    return 1


est = tf.estimator.Estimator(model_fn)
est.train(train_input_fn)
'''
KERAS = '''"""Docs
over two lines."""
import keras


class Model(keras.Model):
    # <b>a comment</b>
    def __init__(self):
        self.hidden = keras.layers.Dense(10)

    def call(self, features):
        return self.hidden(features["x"])


def train_input_fn():
    return 1


model = Model()
model.fit(train_input_fn())
'''
VERIFIED = Verification(
    "verified",
    "",
    "legacy",
    (
        Evidence("forward", 1.5e-7, 2e-7, 1e-5, True),
        Evidence("loss", 0.0, 0.0, 1e-5, True, curve=LossCurve((3.0, 2.0, float("nan"), 1.0), (3.0, 2.25, 1.5, 1.0))),
        Evidence("metrics", None, None, 1e-5, None, "nothing moved"),
        Evidence("training_steps", 3e-5, 2e-4, 1e-3, True),
    ),
)
FAILED = Verification("failed", "forward differs", "tf1", (Evidence("forward", float("inf"), 0.3, 1e-5, False),))


def finding(rule: str, line: int, message: str, severity: str = "warning", path: str = "train.py") -> Finding:
    return Finding(rule, severity, path, line, message)  # type: ignore[arg-type]


UNITS = (
    Unit("u1", "g1", "model_fn", "train.py", 6, "model_fn", "converted", "exact",
         Target("train.py", "Model", "subclass"),
         (finding("summary", 8, "tf.summary.scalar was dropped | not needed", "info"),), VERIFIED),
    Unit("u2", "g1", "training_loop", "train.py", 17, "est.train", "converted"),
    Unit("u3", "g2", "model_fn", "other.py", 1, "<script>alert(1)</script>", "skipped", "review", None,
         (finding("custom-op", 3, "no Keras twin", path="helper.py"),
          finding("verification", 1, "not written", path="other.py")),
         FAILED),
    Unit("u4", "g3", "hook", "train.py", 12, "train_input_fn", "partial"),
)  # fmt: skip
LEDGER = Ledger(
    files_scanned=12,
    files_changed=1,
    units=UNITS,
    symbols=(
        Symbol("train.py", 3, "tensorflow.layers.dense", "converted"),
        Symbol("other.py", 5, "tensorflow.contrib.foo", "unknown"),
        Symbol("other.py", 6, "tensorflow.py_func", "manual", "runs Python"),
        Symbol("other.py", 7, "tensorflow.app", "ignored"),
    ),
    findings=(finding("pin", 1, "tensorflow==1.15 in requirements.txt", "error", "requirements.txt"),),
    problems=(FileProblem("two.py", "python2", "Python 2 code"), FileProblem("e.py", "empty", "empty file")),
)


def run_of(
    ledger: Ledger = LEDGER, mode: Mode = "write", verify: bool = True, root: Path = Path("/project")
) -> Outcome:
    """A run that ended with the given ledger."""
    project = Project(root, None, "", (root,), ())
    edits = (FileEdit("train.py", LEGACY, KERAS, frozenset({"g1"})),)
    return Outcome(project, Request(mode, verify=verify), ledger, edits, {"train.py": LEGACY}, ({"unit": "u1"},))
