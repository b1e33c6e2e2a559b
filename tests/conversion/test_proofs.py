"""Converted small programs compute what the legacy ones do: both are run and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.convert import convert
from migrator.verify import runtimes
from migrator.verify.entry import Entry
from migrator.verify.program import verify_program

from .small import program
from .test_modes import RAISES
from .test_private_names import PROGRAM as PRIVATE
from .test_train_ops import LINEAR

pytestmark = pytest.mark.runtime

ROWS = 'x = np.arange(24, dtype="float32").reshape(8, 3)\n    dataset = tf.data.Dataset.from_tensor_slices'
ONE_SHOT = f"""
def input_fn():
    {ROWS}((x, x.sum(1))).repeat().batch(4)
    iterator = dataset.make_one_shot_iterator()
    x, y = iterator.get_next()
    return {{"x": x}}, y
"""
PROGRAMS = {
    "a mode that raises": program(model_fn=RAISES),
    "private imports": PRIVATE,
    "variables, and steps counted by hand": program(model_fn=LINEAR),
    "a one-shot iterator": program(input_fn=ONE_SHOT),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_numbers_are_the_same(name: str, tmp_path: Path) -> None:
    for runtime in ("legacy", "target"):
        if runtimes.absence(runtime):
            pytest.skip(runtimes.absence(runtime))
    conversion = convert({"train.py": PROGRAMS[name]})
    after = {edit.path: edit.after for edit in conversion.edits}
    for side, files in (("before", {"train.py": PROGRAMS[name]}), ("after", after)):
        (tmp_path / side).mkdir()
        for path, content in files.items():
            (tmp_path / side / path).write_text(content, encoding="utf-8")
    result = verify_program(tmp_path / "before", tmp_path / "after", Entry.parse("train.py"), conversion.models)
    assert result.verified, result.units[0].verification.reason
    proven = {row.check for row in result.units[0].verification.evidence if row.ok}
    assert proven >= {"builds", "weights", "inputs", "loss", "gradients", "training", "step counter"}
