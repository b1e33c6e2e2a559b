"""[tool.migrator] in pyproject.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.workspace.config import read_config
from migrator.workspace.errors import WorkspaceError

from .trees import write_tree


def test_settings_are_read(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"pyproject.toml": '[tool.migrator]\nstyle = "subclass"\nignore = ["a"]\njobs = 2\npartial = true\n'}
    )
    assert read_config(tmp_path) == {"style": "subclass", "ignore": ["a"], "jobs": 2, "partial": True}


@pytest.mark.parametrize("text", [None, "", "[tool.other]\nx = 1\n", "[project]\nname = 'x'\n"])
def test_nothing_is_set_without_the_table(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        write_tree(tmp_path, {"pyproject.toml": text})
    assert read_config(tmp_path) == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('styl = "auto"', "has no setting 'styl'"),
        ('style = "fancy"', "style must be one of auto, functional, subclass"),
        ("ignore = 'a'", "ignore must be a list of strings"),
        ("ignore = [1]", "ignore must be a list of strings"),
        ("jobs = true", "jobs must be a whole number"),
        ("verify = 1", "verify must be true or false"),
        ("= broken", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_refused(tmp_path: Path, line: str, message: str) -> None:
    write_tree(tmp_path, {"pyproject.toml": f"[tool.migrator]\n{line}\n"})
    with pytest.raises(WorkspaceError, match=message):
        read_config(tmp_path)
