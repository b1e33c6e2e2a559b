"""Settings of a project: the table [tool.migrator] of its pyproject.toml."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from migrator.workspace.errors import WorkspaceError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SETTINGS: dict[str, type] = {
    "style": str,
    "semantics": str,
    "partial": bool,
    "select": list,
    "ignore": list,
    "exclude": list,
    "report": str,
    "format": str,
    "verify": bool,
    "entry": str,
    "runtime": str,
    "write-unverified": bool,
    "allow-dirty": bool,
    "baseline": str,
    "jobs": int,
}
CHOICES = {
    "style": ("auto", "functional", "subclass"),
    "semantics": ("exact", "idiomatic"),
    "format": ("text", "json", "sarif", "github"),
}


def read_config(root: Path) -> dict[str, Any]:
    """The settings in the root's pyproject.toml; empty without one. Raises WorkspaceError for a wrong name or value."""
    path = root / "pyproject.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}") from error
    tool = content.get("tool", {})
    table = tool.get("migrator", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise WorkspaceError(f"{path}: [tool.migrator] must be a table")
    for name, value in table.items():
        _check(path, name, value)
    return table


def _check(path: Path, name: str, value: object) -> None:
    expected = SETTINGS.get(name)
    if expected is None:
        raise WorkspaceError(f"{path}: [tool.migrator] has no setting {name!r}; known: {', '.join(sorted(SETTINGS))}")
    kind_fits = isinstance(value, expected) and isinstance(value, bool) == (expected is bool)
    if not kind_fits or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
        wanted = {str: "a string", bool: "true or false", list: "a list of strings", int: "a whole number"}[expected]
        raise WorkspaceError(f"{path}: [tool.migrator] {name} must be {wanted}, not {value!r}")
    if name in CHOICES and value not in CHOICES[name]:
        raise WorkspaceError(f"{path}: [tool.migrator] {name} must be one of {', '.join(CHOICES[name])}, not {value!r}")
