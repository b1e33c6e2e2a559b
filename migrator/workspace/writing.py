"""Replacing one file so that at every moment either the old or the new content is there, whole."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def stage(target: Path, temporary: Path, data: bytes) -> None:
    """Writes `data` beside `target` with its mode and owner, durably; `target` is not touched. Raises OSError."""
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        with contextlib.suppress(FileNotFoundError):
            _keep_mode(target, temporary)
        os.fsync(file.fileno())


def write_whole(target: Path, data: bytes) -> None:
    """Stages and replaces in one go, for files that no journal needs to know (reports, journal entries)."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        stage(target, temporary, data)
        os.replace(temporary, target)
        sync_folder(target.parent)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def sync_folder(folder: Path) -> None:
    """Makes renames in a folder durable, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_read_only(path: Path) -> bool:
    """Whether a file is marked read-only: replacing it would work, but its owner asked that it stay as it is."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o222 or not os.access(path, os.W_OK)


def _keep_mode(target: Path, temporary: Path) -> None:
    status = target.stat()
    with contextlib.suppress(OSError, AttributeError):  # only root may give a file away; Windows has no owners
        os.chown(temporary, status.st_uid, status.st_gid)
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
