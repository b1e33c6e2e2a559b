"""The report of a real run: `migrate --verify` on an example, as `make demo` does it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .test_document import VALIDATOR

EXAMPLE = Path(__file__).resolve().parents[2] / "fixtures" / "article_classifier" / "legacy"


@pytest.mark.runtime
def test_a_verified_example_has_both_loss_curves_in_every_report(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "demo")
    command = [sys.executable, "-m", "migrator", "demo", "--verify", "--report", "report"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    data = json.loads((tmp_path / "report" / "report.json").read_bytes())
    VALIDATOR.validate(data)
    (curve,) = (row["curve"] for unit in data["units"] for row in unit["verification"]["evidence"] if "curve" in row)
    assert len(curve["legacy"]) == len(curve["migrated"]) == 30
    assert len(set(curve["legacy"])) > 5  # it trains
    assert curve["migrated"] == pytest.approx(curve["legacy"], rel=1e-4)
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.count("<path") == 2
