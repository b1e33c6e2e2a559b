"""Atomic writing and undo: killed at any moment, every file is whole and the old state comes back."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrator.workspace import journal
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.journal import Change, StageFault

from .trees import read_tree, repository, write_tree

OLD = {"a.py": b"old a\n" * 50, "pkg/b.py": b"old b\r\n", "untouched.py": b"mine\n"}
CHANGES = [
    Change("a.py", OLD["a.py"], b"new a\n"),
    Change("pkg/b.py", OLD["pkg/b.py"], b"new b\r\n" * 50),
    Change("pkg/made/support.py", None, b"made\n"),
]
NEW = {**OLD, **{change.path: change.after for change in CHANGES}}


class Killed(BaseException):
    """Stands for the end of the process: nothing in the tool may catch it."""


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """From now on the process dies at the given system call that changes files."""
    count = 0

    def dying(name: str) -> Any:
        real = getattr(os, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            nonlocal count
            count += 1
            if count == step:
                raise Killed
            return real(*arguments, **keywords)

        return call

    for name in ("open", "fsync", "replace", "rename", "mkdir", "unlink", "rmdir", "chmod"):
        monkeypatch.setattr(os, name, dying(name))


def dead_at_every_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, act: Any) -> Iterator[Path]:
    """Runs `act` on a fresh tree once per system call, killed there; yields each tree as the kill left it."""
    for step in range(1, 500):
        root = write_tree(tmp_path / f"run{step}", OLD)
        with monkeypatch.context() as patch:
            try:
                act(root, lambda patch=patch, step=step: kill_at(patch, step))
            except Killed:
                pass
            else:
                assert step > 10
                return
        yield root


def test_all_changes_are_made(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, CHANGES)
    assert read_tree(root) == NEW


def test_undo_restores_everything_and_forgets(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, CHANGES)
    undone = journal.undo(root)
    assert undone is not None
    assert (set(undone.restored), undone.removed, undone.conflicts) == (
        {"a.py", "pkg/b.py"},
        ("pkg/made/support.py",),
        (),
    )
    assert read_tree(root) == OLD
    assert not (root / "pkg" / "made").exists()
    assert journal.undo(root) is None


def test_killed_while_writing_every_file_is_whole_and_undo_restores_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(root: Path, arm: Any) -> None:
        arm()
        journal.apply(root, CHANGES)

    states = set()
    for root in dead_at_every_step(monkeypatch, tmp_path, act):
        found = {path: data for path, data in read_tree(root).items() if not path.endswith(".migrate.tmp")}
        assert all(found.get(path) in (OLD.get(path), NEW[path]) for path in NEW)
        states.add(tuple(found.get(path) == NEW[path] for path in NEW))
        journal.undo(root)
        assert read_tree(root) == OLD
        assert not (root / "pkg" / "made").exists()
    assert len(states) >= 4  # the kills did fall between the replacements


def test_killed_while_undoing_a_second_undo_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(root: Path, arm: Any) -> None:
        journal.apply(root, CHANGES)
        arm()
        journal.undo(root)

    for root in dead_at_every_step(monkeypatch, tmp_path, act):
        found = {path: data for path, data in read_tree(root).items() if not path.endswith(".migrate.tmp")}
        assert all(found.get(path) in (OLD.get(path), NEW[path]) for path in NEW)
        journal.undo(root)
        assert read_tree(root) == OLD


def test_a_killed_run_and_its_continuation_are_undone_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(root: Path, arm: Any) -> None:
        arm()
        journal.apply(root, CHANGES)

    for root in dead_at_every_step(monkeypatch, tmp_path, act):
        rest = [change for change in CHANGES if read_tree(root).get(change.path) == change.before]
        journal.apply(root, rest)
        assert read_tree(root) == NEW
        if rest:
            journal.undo(root)
            assert read_tree(root) == OLD


def test_undo_takes_back_one_run_and_all_takes_back_every_run(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, CHANGES[:1])
    journal.apply(root, [Change("a.py", b"new a\n", b"newer a\n")])
    journal.undo(root)
    assert (root / "a.py").read_bytes() == b"new a\n"
    journal.apply(root, [Change("a.py", b"new a\n", b"newer a\n")])
    journal.undo(root, everything=True)
    assert read_tree(root) == OLD


def test_undo_leaves_a_file_that_changed_since_unless_forced(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, CHANGES)
    (root / "a.py").write_bytes(b"my own work\n")
    undone = journal.undo(root)
    assert undone is not None
    assert undone.conflicts == ("a.py",)
    assert read_tree(root) == {**OLD, "a.py": b"my own work\n"}
    undone = journal.undo(root, force=True)
    assert undone is not None
    assert undone.restored == ("a.py",)
    assert read_tree(root) == OLD


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    root = write_tree(tmp_path, OLD)
    (root / "a.py").chmod(mode)
    journal.apply(root, CHANGES[:1])
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == mode
    journal.undo(root)
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == mode


def test_nothing_is_changed_when_one_file_cannot_be_written(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**OLD, "pkg/made": "a file where a folder is needed"})
    before = read_tree(root)
    with pytest.raises(StageFault) as fault:
        journal.apply(root, CHANGES)
    assert list(fault.value.reasons) == ["pkg/made/support.py"]
    assert read_tree(root) == before
    assert journal.undo(root) is None


def test_nothing_is_changed_when_a_file_changed_meanwhile(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {**OLD, "a.py": b"edited by the user\n"})
    with pytest.raises(StageFault, match=r"a\.py: changed while migrate was running"):
        journal.apply(root, CHANGES)
    assert (root / "a.py").read_bytes() == b"edited by the user\n"
    assert (root / "pkg" / "b.py").read_bytes() == OLD["pkg/b.py"]


def test_a_replacement_that_fails_takes_the_others_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_tree(tmp_path, OLD)
    real = os.replace

    def failing(source: Any, target: Any) -> None:
        if str(target).endswith("b.py") and b"new b" in Path(source).read_bytes():
            raise PermissionError(13, "Permission denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(StageFault, match="Permission denied"):
        journal.apply(root, CHANGES)
    assert read_tree(root) == OLD


def test_two_runs_do_not_write_at_the_same_time(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    with journal._locked(root), pytest.raises(WorkspaceError, match="another migrate is writing"):
        journal.apply(root, CHANGES)
    assert read_tree(root) == OLD


def test_the_journal_is_invisible_to_git(tmp_path: Path) -> None:
    from .trees import git

    root = repository(tmp_path / "repo", OLD)
    journal.apply(root, CHANGES[:1])
    assert git(root, "status", "--porcelain").split() == ["M", "a.py"]


def test_nothing_to_change_leaves_no_trace(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, [])
    assert not (root / ".migrate").exists()


def test_the_journal_is_found_from_below(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    assert journal.find_root(root / "pkg") is None
    journal.apply(root, CHANGES)
    assert journal.find_root(root / "pkg") == root


def test_a_damaged_journal_is_said_to_be_damaged(tmp_path: Path) -> None:
    root = write_tree(tmp_path, OLD)
    journal.apply(root, CHANGES)
    (manifest,) = (root / ".migrate").rglob("manifest.json")
    manifest.write_text("{")
    with pytest.raises(WorkspaceError, match="damaged"):
        journal.undo(root)
