"""Fields of specs compute what they did: metrics, TPU metrics, export outputs, checkpoints; both sides run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import verify_program

from .test_export_outputs import OUTPUTS, exported
from .test_metrics import CONDITION, F1, LOOP, SIDES, TWICE, evaluated, with_helper
from .test_tpu import IN_A_CLASS, PROGRAM
from .test_warm_starts import WARM

pytestmark = pytest.mark.runtime

CHECKPOINT = """
import sys
import numpy as np
import tensorflow as tf
tf = tf.compat.v1
tf.disable_eager_execution()
random = np.random.RandomState(0)
for layer in ("layer_0/inner/dense", "layer_0/inner/dense_1", "layer_0/out", "layer_1/inner/dense",
              "layer_1/inner/dense_1", "layer_1/out", "last/dense", "last/dense_1"):
    tf.get_variable("net/%s/kernel" % layer, initializer=(random.randn(3, 3) * 0.3).astype("float32"))
    tf.get_variable("net/%s/bias" % layer, initializer=(random.randn(3) * 0.3).astype("float32"))
tf.get_variable("elsewhere", initializer=[1.0, 2.0])
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    tf.train.Saver().save(session, sys.argv[1])
"""


METRICS = [evaluated(F1), evaluated(LOOP), evaluated(CONDITION), evaluated(SIDES), evaluated(TWICE), with_helper()]


@pytest.mark.parametrize("text", METRICS)
def test_computed_metrics_are_the_same(text: str, tmp_path: Path) -> None:
    assert "metrics" in prove(text, "legacy", tmp_path)


@pytest.mark.parametrize("text", [PROGRAM, IN_A_CLASS])
def test_a_program_for_tpus_is_the_same_on_one_device(text: str, tmp_path: Path) -> None:
    assert {"metrics", "training"} <= prove(text, "legacy", tmp_path)


def test_outputs_of_their_own_have_the_legacy_signatures(tmp_path: Path) -> None:
    assert "export" in prove(exported(OUTPUTS), "legacy", tmp_path)


def test_a_model_starts_from_a_checkpoint_as_it_did(tmp_path: Path) -> None:
    assert "initial weights" in prove(WARM, "legacy", tmp_path, "start/model.ckpt")


def test_a_model_that_does_not_read_the_checkpoint_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="initial weights"):
        prove(WARM, "legacy", tmp_path, "start/model.ckpt", ("        def begin(self):", "        def other(self):"))


def prove(text: str, legacy: str, tmp_path: Path, checkpoint: str = "", change: tuple[str, str] = ("", "")) -> set[str]:
    """Convert a program and verify it against its legacy form in one runtime; what was proven."""
    for runtime in (legacy, "target"):
        if runtimes.absence(runtime):
            pytest.skip(runtimes.absence(runtime))
    conversion = convert({"train.py": text})
    after = {edit.path: edit.after for edit in conversion.edits}
    after["train.py"] = after["train.py"].replace(*change) if change[0] else after["train.py"]
    for side, files in (("before", {"train.py": text}), ("after", after)):
        (tmp_path / side).mkdir()
        for path, content in files.items():
            (tmp_path / side / path).write_text(content, encoding="utf-8")
    folders = (tmp_path / "before", tmp_path / "after")
    if checkpoint:
        made = folders[0] / checkpoint
        made.parent.mkdir()
        subprocess.run([runtimes.provide(legacy).python, "-c", CHECKPOINT, str(made)], check=True, capture_output=True)
        shutil.copytree(made.parent, folders[1] / made.parent.name)
    result = verify_program(*folders, Entry.parse(f"train.py {checkpoint}".strip()), conversion.models, legacy)
    assert result.verified, result.units[0].verification.reason
    return {row.check for row in result.units[0].verification.evidence if row.ok}
