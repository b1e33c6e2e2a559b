"""`migrate --estimate`, `migrate report` and `migrate rules`, as a person calls them."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from . import fakes
from .conftest import Migrate


def project(root: Path) -> Path:
    """Two folders: in one all can be converted, in the other nothing."""
    for name, text in {"good/a.py": fakes.model("a"), "bad/b.py": fakes.model("b", "# refuse\n")}.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    return root


def test_an_estimate_tells_what_and_why_and_writes_nothing(migrate: Migrate, tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    answer = migrate(root, "--estimate")
    assert answer.code == 0
    for part in (
        "1  a custom op has no Keras twin (bad/b.py:4)",
        "1 of 1 model function    good",
        "1 of 2 can be converted",
    ):
        assert part in answer.out
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "migration-report").exists()


def test_an_estimate_leaves_a_report_where_one_is_asked_for(migrate: Migrate, tmp_path: Path) -> None:
    assert migrate(project(tmp_path / "p"), "--estimate", "--report", "r").code == 0
    assert json.loads((tmp_path / "r" / "report.json").read_bytes())["summary"]["units"]["converted"] == 1


def test_an_estimate_for_machines(migrate: Migrate, tmp_path: Path) -> None:
    answer = migrate(project(tmp_path / "p"), "--estimate", "--format", "json")
    assert (answer.code, json.loads(answer.out)["models"]) == (0, {"convertible": 1, "partial": 0, "blocked": 1})


@pytest.mark.parametrize("words", [["--verify"], ["--format", "sarif"], ["--check"], ["--output", "o"]])
def test_an_estimate_does_nothing_else(words: list[str], migrate: Migrate, tmp_path: Path) -> None:
    assert migrate(project(tmp_path / "p"), "--estimate", *words).code == 2


def test_a_configuration_that_verifies_does_not_stop_an_estimate(migrate: Migrate, tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    (root / "pyproject.toml").write_text('[tool.migrator]\nverify = true\nformat = "sarif"\n')
    answer = migrate(root, "--estimate")
    assert answer.code == 0
    assert "1 of 2 can be converted" in answer.out


def test_a_fault_is_a_fault_in_an_estimate_too(migrate: Migrate, tmp_path: Path) -> None:
    assert migrate(project(tmp_path / "p"), tmp_path / "absent.py", "--estimate").code == 2


def test_two_reports_show_progress(migrate: Migrate, tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    assert migrate(root, "--check", "--report", "old").code == 1
    (root / "bad" / "b.py").write_text(fakes.model("b"))
    assert migrate(root, "--check", "--report", "new").code == 1
    answer = migrate("report", "old", "new")
    assert answer.code == 0
    assert "newly converted: 1 unit\n  bad/b.py:3 model_fn model_fn: not run" in answer.out
    back = migrate("report", "new", "old/report.json", "--format", "json")
    assert back.code == 3
    assert [moved["path"] for moved in json.loads(back.out)["units"]["regressed"]] == ["bad/b.py"]
    assert "## Regressed: 1" in migrate("report", "new", "old", "--format", "markdown").out


def test_a_file_that_is_no_report_is_wrong_usage(migrate: Migrate, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    answer = migrate("report", "x.json", "x.json")
    assert answer.code == 2
    assert "not a report.json of schema 1" in answer.err


def test_rules_are_found_by_id_and_by_name(migrate: Migrate) -> None:
    assert migrate("rules", "tf.layers.dense").out == migrate("rules", "layers-dense").out != ""
    unknown = migrate("rules", "layers-dens")
    assert unknown.code == 2
    assert "did you mean layers-dense" in unknown.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_a_bar_while_a_run_lasts_and_a_pipe_does_not(tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    command = [sys.executable, "-m", "tests.cli.fakes", str(root), "--check", "--report", str(tmp_path / "r")]
    here = Path(__file__).resolve().parents[2]
    ours, theirs = pty.openpty()
    subprocess.run(command, cwd=here, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert re.search(r"━.*converting", shown)
    assert subprocess.run(command, cwd=here, capture_output=True).stderr == b""
