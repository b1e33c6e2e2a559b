"""A complete copy of a project folder, data files included, without what tools left in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from migrator.workspace.discovery import SKIPPED_FOLDERS
from migrator.workspace.errors import WorkspaceError

SPARE = 1 << 30  # bytes that a copy leaves free on the disk


def copy_tree(source: Path, target: Path, leave_out: Collection[Path] = ()) -> None:
    """Copies `source` to the new folder `target`, as real files: no later write reaches the original.

    Folders of tools (.git, caches, virtual environments) and the paths in `leave_out` are not copied. Links that stay
    inside the folder are kept as links; what others lead to is copied. Raises WorkspaceError when the disk is full.
    """
    skipped = {os.path.realpath(path) for path in (*leave_out, target)}
    plan = [*_plan(source, skipped)]
    needed = sum(size for _, _, size in plan)
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < needed + SPARE:
        raise WorkspaceError(f"a copy of {source} needs {needed >> 20} MB, more than {target.parent} has free")
    target.mkdir(exist_ok=True)
    for folder, name, size in plan:
        origin = source / folder / name
        place = target / folder / name
        if size < 0:
            place.mkdir(exist_ok=True)
        elif origin.is_symlink() and _stays_inside(origin, source):
            os.symlink(os.readlink(origin), place)
        else:
            shutil.copy2(origin, place)


def _plan(source: Path, skipped: Collection[str]) -> list[tuple[str, str, int]]:
    """(folder, name, size) of everything to copy, parents first; size -1: a folder."""
    found: list[tuple[str, str, int]] = []
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        entries = sorted(os.scandir(source / folder), key=lambda entry: entry.name)
        for entry in entries:
            if os.path.realpath(entry.path) in skipped:
                continue
            linked_inside = entry.is_symlink() and _stays_inside(Path(entry.path), source)
            if entry.is_dir() and not linked_inside:
                if entry.name in SKIPPED_FOLDERS or os.path.exists(os.path.join(entry.path, "pyvenv.cfg")):
                    continue
                if entry.is_symlink() and source.is_relative_to(os.path.realpath(entry.path)):
                    continue  # a link to a folder around the source would never end
                found.append((folder, entry.name, -1))
                waiting.append(os.path.join(folder, entry.name))
            elif linked_inside or entry.is_file():
                found.append((folder, entry.name, entry.stat(follow_symlinks=not linked_inside).st_size))
    return found


def _stays_inside(link: Path, source: Path) -> bool:
    target = Path(os.path.realpath(link))
    return not os.path.isabs(os.readlink(link)) and target.is_relative_to(os.path.realpath(source))
