"""The undo journal: originals are saved durably before the first file changes, so that every run can be taken back.

Layout under the root: `.migrate/undo/<id>/manifest.json`, the originals as `<n>.before`, and `complete` when the run
ended. A run without `complete` was killed; it and the run that continued it are undone together.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from migrator.workspace.discovery import STATE_FOLDER
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.writing import stage, sync_folder, write_whole

FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Change:
    """One planned file change. `path` is root-relative; `before` is None for a file that is created."""

    path: str
    before: bytes | None
    after: bytes


@dataclasses.dataclass(frozen=True)
class Entry:
    """One file of a journal. Hashes tell which state the file is in now."""

    path: str
    temporary: str
    original: str | None
    """Name of the saved original in the journal; None: the file did not exist."""
    before: str | None
    after: str
    folders: tuple[str, ...] = ()
    """Folders that were made for the file, outermost first."""


@dataclasses.dataclass(frozen=True)
class Undone:
    """What an undo did: paths restored, paths removed again, and paths left because they changed since."""

    restored: tuple[str, ...]
    removed: tuple[str, ...]
    conflicts: tuple[str, ...]


class StageFault(Exception):
    """Some files cannot be written. Nothing was changed. `reasons` maps root-relative paths to causes."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in reasons.items()))
        self.reasons = reasons


def apply(root: Path, changes: Sequence[Change]) -> None:
    """Makes all changes, or none: raises StageFault before the first replacement when one cannot be written.

    Killed at any moment, every file is whole, old or new, and `undo` restores the old state.
    """
    if not changes:
        return
    with _locked(root):
        _sweep(root)
        journal = _publish(root, changes)
        entries = _entries(journal)
        reasons = _stage_all(root, entries, changes)
        if reasons:
            _discard(root, journal, entries)
            raise StageFault(reasons)
        try:
            for entry in entries:
                os.replace(root / entry.temporary, root / entry.path)
        except OSError as error:
            _restore(root, journal, entries, force=False)
            _discard(root, journal, entries)
            raise StageFault({entry.path: f"cannot be replaced: {error.strerror}"}) from error
        _sync(root, entries)
        write_whole(journal / "complete", b"")


def undo(root: Path, everything: bool = False, force: bool = False) -> Undone | None:
    """Takes back the last run, with the killed runs that it continued (`everything`: all runs). None: nothing to undo.

    A file that changed since the run is left alone, and its run stays in the journal, unless `force`.
    """
    if not _journals(root):
        return None
    restored: list[str] = []
    removed: list[str] = []
    conflicts: list[str] = []
    with _locked(root):
        first = True
        for journal in reversed(_journals(root)):
            if not first and not everything and (journal / "complete").exists():
                break
            first = False
            entries = _entries(journal)
            outcome = _restore(root, journal, entries, force)
            restored += outcome.restored
            removed += outcome.removed
            conflicts += outcome.conflicts
            if outcome.conflicts:
                break  # older runs lie below the state that could not be reached
            _discard(root, journal, entries)
    return Undone(tuple(dict.fromkeys(restored)), tuple(dict.fromkeys(removed)), tuple(dict.fromkeys(conflicts)))


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` that has an undo journal."""
    folder = start.resolve()
    return next((parent for parent in (folder, *folder.parents) if _journals(parent)), None)


def _publish(root: Path, changes: Sequence[Change]) -> Path:
    """Saves originals and the plan. The journal appears under its name only when it is complete on disk."""
    parent = own_folder(root) / "undo"
    parent.mkdir(parents=True, exist_ok=True)
    identity = f"{time.time_ns():020d}-{os.getpid()}"
    building = parent / f"{identity}.new"
    building.mkdir()
    entries: list[Entry] = []
    for number, change in enumerate(changes):
        original = None if change.before is None else f"{number}.before"
        if original is not None:
            _write_durably(building / original, change.before or b"")
        target = Path(change.path)
        folders = [p.as_posix() for p in reversed(target.parents) if not (root / p).is_dir()]
        temporary = target.with_name(f".{target.name}.{identity}.migrate.tmp").as_posix()
        before = None if change.before is None else _hash(change.before)
        entries.append(Entry(change.path, temporary, original, before, _hash(change.after), tuple(folders)))
    manifest = {"format": FORMAT, "entries": [dataclasses.asdict(entry) for entry in entries]}
    _write_durably(building / "manifest.json", json.dumps(manifest, indent=1).encode())
    sync_folder(building)
    journal = parent / identity
    os.rename(building, journal)
    sync_folder(parent)
    return journal


def _stage_all(root: Path, entries: Sequence[Entry], changes: Sequence[Change]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for entry, change in zip(entries, changes, strict=True):
        try:
            current = _current(root / entry.path)
            if (None if current is None else _hash(current)) != entry.before:
                reasons[entry.path] = "changed while migrate was running"
                continue
            for folder in entry.folders:
                (root / folder).mkdir(exist_ok=True)
            stage(root / entry.path, root / entry.temporary, change.after)
        except OSError as error:
            reasons[entry.path] = f"cannot be written: {error.strerror or error}"
    return reasons


def _restore(root: Path, journal: Path, entries: Sequence[Entry], force: bool) -> Undone:
    restored: list[str] = []
    removed: list[str] = []
    conflicts: list[str] = []
    for entry in reversed(entries):
        target = root / entry.path
        current = _current(target)
        state = None if current is None else _hash(current)
        if state == entry.before:
            continue
        if state != entry.after and not force:
            conflicts.append(entry.path)
        elif entry.original is None:
            target.unlink()
            removed.append(entry.path)
        else:
            temporary = root / entry.temporary
            temporary.parent.mkdir(parents=True, exist_ok=True)
            stage(target, temporary, (journal / entry.original).read_bytes())
            os.replace(temporary, target)
            restored.append(entry.path)
    _sync(root, entries)
    return Undone(tuple(restored), tuple(removed), tuple(conflicts))


def _sync(root: Path, entries: Sequence[Entry]) -> None:
    for folder in {(root / entry.path).parent for entry in entries}:
        sync_folder(folder)


def _discard(root: Path, journal: Path, entries: Sequence[Entry]) -> None:
    """Removes temporary files, folders made and left empty, and the journal itself (its name first)."""
    _remove_temporaries(root, entries)
    for entry in entries:
        if not (root / entry.path).exists():
            for folder in reversed(entry.folders):
                with contextlib.suppress(OSError):
                    (root / folder).rmdir()
    gone = journal.with_name(journal.name + ".old")
    os.rename(journal, gone)
    shutil.rmtree(gone, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Removes what killed runs left: temporary files beside sources, half-made and half-removed journals."""
    for journal in _journals(root):
        if not (journal / "complete").exists():
            _remove_temporaries(root, _entries(journal))
    for pattern in ("*.new", "*.old"):
        for rest in (own_folder(root) / "undo").glob(pattern):
            shutil.rmtree(rest, ignore_errors=True)


def _remove_temporaries(root: Path, entries: Sequence[Entry]) -> None:
    for entry in entries:
        with contextlib.suppress(OSError):
            (root / entry.temporary).unlink()


def _journals(root: Path) -> list[Path]:
    folder = root / STATE_FOLDER / "undo"
    return sorted(path for path in folder.glob("*") if path.suffix not in (".new", ".old")) if folder.is_dir() else []


def _entries(journal: Path) -> list[Entry]:
    try:
        manifest = json.loads((journal / "manifest.json").read_bytes())
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"the undo journal {journal} is damaged: {error}") from error
    if manifest.get("format") != FORMAT:
        raise WorkspaceError(f"the undo journal {journal} was written by another version of migrate; use that one")
    return [Entry(**{**entry, "folders": tuple(entry["folders"])}) for entry in manifest["entries"]]


def own_folder(root: Path) -> Path:
    """The tool's own folder, made so that git never lists it."""
    folder = root / STATE_FOLDER
    folder.mkdir(exist_ok=True)
    if not (folder / ".gitignore").exists():
        write_whole(folder / ".gitignore", b"*\n")
    return folder


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Only one run may write below a root at a time. The system drops the lock whenever the process ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        yield
        return
    try:
        lock = open(own_folder(root) / "lock", "w")  # noqa: SIM115 - closed below, held while writing
    except OSError as error:
        raise WorkspaceError(f"cannot keep an undo journal in {root / STATE_FOLDER}: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise WorkspaceError(f"another migrate is writing below {root}; wait until it has ended") from error
        yield


def _write_durably(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
