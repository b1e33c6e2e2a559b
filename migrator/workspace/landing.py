"""Planned edits on their way into files: which may not be changed and why, and the bytes to write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from migrator.cells import SUFFIX
from migrator.conversion import FileEdit
from migrator.workspace import notebooks, writing
from migrator.workspace.copying import copy_tree
from migrator.workspace.discovery import Project
from migrator.workspace.encoding import Undecodable, encode_edit, encode_new, newline_of
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.journal import Change
from migrator.workspace.repository import GitFault, uncommitted


def refusals(project: Project, edits: Sequence[FileEdit], dirty_allowed: bool) -> dict[str, tuple[str, str]]:
    """Paths that may not be changed, each with a finding's rule and the reason ("is read-only")."""
    reasons = {edit.path: reason for edit in edits if (reason := _refusal(project, edit)) is not None}
    if not dirty_allowed:
        existing = [edit.path for edit in edits if edit.before is not None]
        reasons.update({path: ("dirty-file", reason) for path, reason in _dirty(project, existing).items()})
    return reasons


def changes(project: Project, edits: Sequence[FileEdit]) -> list[Change]:
    """The edits as bytes: encoding, byte-order mark and newlines of the files that they change."""
    return [_change(project, edit, edits) for edit in edits]


def check_output(project: Project, output: Path) -> None:
    """Raises WorkspaceError when a migrated copy cannot be made at `output`."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise WorkspaceError(f"{output} exists and is not an empty folder; --output makes a new copy")
    if project.base.is_relative_to(output.resolve()):
        raise WorkspaceError(f"{output} holds the legacy program itself")


def write_copy(project: Project, source: Path, target: Path, edits: Sequence[FileEdit]) -> None:
    """Copies the folder `source` of the project, data files included, with the edits made, to `target`.

    The copy appears under its name only when it is whole.
    """
    target = target.resolve()
    building = target.with_name(f".{target.name}.{os.getpid()}.migrate.tmp")
    copy_tree(source, building, leave_out=(target,))
    for edit in edits:
        place = building / (project.root / edit.path).relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        writing.write_whole(Path(os.path.realpath(place)), _change(project, edit, edits).after)
    if target.exists():
        target.rmdir()
    os.rename(building, target)


def _refusal(project: Project, edit: FileEdit) -> tuple[str, str] | None:
    path = project.root / edit.path
    if edit.before is None:
        if os.path.lexists(path):
            return "file-exists", "exists already and would be overwritten"
        return None if project.may_create(edit.path) else ("outside-paths", "lies outside the named paths")
    if not project.is_named(edit.path):
        return "outside-paths", "lies outside the named paths"
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(project.root):
        return "outside-root", f"is a link to {target}, outside the project"
    if writing.is_read_only(path):
        return "read-only", "is read-only"
    try:
        _encoded(edit, path.read_bytes())
    except Undecodable as error:
        return "encoding", str(error)
    except ValueError as error:
        return "notebook", str(error)
    return None


def _dirty(project: Project, paths: Sequence[str]) -> dict[str, str]:
    unknown = "cannot be compared with the git index ({}); pass --allow-dirty to change it all the same"
    if project.git_fault:
        return {path: unknown.format(project.git_fault) for path in paths}
    if project.repository is None:
        return {}
    try:
        found = uncommitted(project.repository, paths)
    except GitFault as error:
        return {path: unknown.format(error) for path in paths}
    return {path: f"{reason}; commit or stage it, or pass --allow-dirty" for path, reason in found.items()}


def _change(project: Project, edit: FileEdit, edits: Sequence[FileEdit]) -> Change:
    if edit.before is None:
        return Change(edit.path, None, encode_new(edit.after, _newline_beside(project, edit, edits)))
    target = Path(os.path.realpath(project.root / edit.path))
    original = target.read_bytes()
    return Change(target.relative_to(project.root).as_posix(), original, _encoded(edit, original))


def _encoded(edit: FileEdit, original: bytes) -> bytes:
    """Raises Undecodable, or ValueError for a notebook that cannot be taken apart into its cells."""
    if edit.path.endswith(SUFFIX):
        return notebooks.rewritten(original, edit.after)
    return encode_edit(original, edit.after)


def _newline_beside(project: Project, created: FileEdit, edits: Sequence[FileEdit]) -> str:
    """A created file ends its lines as the files do that it belongs to."""
    siblings = [edit for edit in edits if edit.before is not None and edit.groups & created.groups]
    return newline_of((project.root / siblings[0].path).read_bytes()) if siblings else "\n"
