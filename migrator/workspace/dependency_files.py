"""The files in which a project names its dependencies, as text."""

from __future__ import annotations

from collections.abc import Sequence

from migrator.dependencies.formats import kind_of
from migrator.workspace.discovery import Project, list_others
from migrator.workspace.encoding import Undecodable, decode

LARGEST = 4 << 20  # bytes; a lock file may be long


def read_dependency_files(project: Project, exclude: Sequence[str] = ()) -> dict[str, str]:
    """Root-relative path -> text ("\\n" newlines) of every such file; what cannot be read as text is left out."""
    found: dict[str, str] = {}
    for path in list_others(project, lambda path: kind_of(path) is not None, exclude):
        try:
            data = (project.root / path).read_bytes()
            if len(data) <= LARGEST:
                found[path] = decode(data).text
        except (OSError, Undecodable):
            continue
    return found
