"""Complete copies of a project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrator.workspace.copying import copy_tree
from migrator.workspace.errors import WorkspaceError

from .trees import read_tree, write_tree

FILES = {"train.py": "x\n", "data/iris.npz": b"\0\1", "data/deep/a.txt": "a", "empty.txt": ""}


def test_everything_is_copied_but_what_tools_left(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "p", FILES)
    write_tree(
        source, {".git/HEAD": "x", ".venv/pyvenv.cfg": "", ".venv/a.py": "", "__pycache__/a.pyc": "", ".hidden": "h"}
    )
    copy_tree(source, tmp_path / "copy")
    assert read_tree(tmp_path / "copy") == {**read_tree(write_tree(tmp_path / "q", FILES)), ".hidden": b"h"}


def test_the_copy_shares_no_file_with_the_original(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "p", FILES)
    write_tree(tmp_path, {"outside/big.bin": "big"})
    os.symlink(tmp_path / "outside", source / "linked")
    os.symlink("../outside/big.bin", source / "big.bin")
    os.symlink("train.py", source / "alias.py")
    os.symlink("nowhere", source / "broken")
    copy_tree(source, tmp_path / "copy")
    for path in (tmp_path / "copy").rglob("*"):
        assert path.resolve().is_relative_to(tmp_path / "copy")
        if path.is_file():
            path.write_bytes(b"overwritten")
    assert read_tree(source / "data") == {"deep/a.txt": b"a", "iris.npz": b"\0\1"}
    assert (tmp_path / "outside" / "big.bin").read_text() == "big"
    assert (tmp_path / "copy" / "linked" / "big.bin").exists()
    assert (tmp_path / "copy" / "alias.py").is_symlink()


def test_a_copy_inside_the_source_does_not_hold_itself(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "p", FILES)
    copy_tree(source, source / "out", leave_out=[source / "data"])
    assert set(read_tree(source / "out")) == {"train.py", "empty.txt"}


def test_a_link_to_a_folder_around_the_source_ends(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "p", FILES)
    os.symlink(tmp_path, source / "up")
    copy_tree(source, tmp_path / "copy")
    assert set(read_tree(tmp_path / "copy")) == set(FILES)


def test_modes_are_kept(tmp_path: Path) -> None:
    source = write_tree(tmp_path / "p", FILES)
    (source / "train.py").chmod(0o755)
    copy_tree(source, tmp_path / "copy")
    assert os.access(tmp_path / "copy" / "train.py", os.X_OK)


def test_a_full_disk_is_refused_before_anything_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_tree(tmp_path / "p", FILES)
    monkeypatch.setattr("migrator.workspace.copying.SPARE", 1 << 62)
    with pytest.raises(WorkspaceError, match="more than"):
        copy_tree(source, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
