"""Reads and checks the rule files: TOML in, raw rule entries (plain JSON data) and frozen rules out."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from migrator.rulebook.checking import check_entry, check_family
from migrator.rulebook.errors import RuleError
from migrator.rulebook.location import rules_directory
from migrator.rulebook.model import Rule, rule_from

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_rules(directory: Path | None = None) -> tuple[Rule, ...]:
    """Every rule with its cases, renames included. Raises RuleError for the first file that breaks the format."""
    entries, renames = read_entries(directory or rules_directory())
    return tuple(rule_from(entry) for entry in (*entries, *(rename_entry(*pair) for pair in renames.items())))


def read_entries(directory: Path) -> tuple[list[dict[str, Any]], dict[str, tuple[str, str]]]:
    """The checked raw entries of all files, and the compact renames: legacy name -> (target, file)."""
    entries: list[dict[str, Any]] = []
    renames: dict[str, tuple[str, str]] = {}
    owners: dict[str, str] = {}
    ids: dict[str, str] = {}
    for path in sorted(directory.glob("*.toml")):
        document = _parse(path)
        family = check_family(path.name, document)
        for raw in document.get("rule", []):
            entry = check_entry(path.name, family, document["family"], raw)
            _claim(ids, path.name, entry["id"], [entry["id"]], "id")
            _claim(owners, path.name, entry["id"], entry["legacy"], "legacy name")
            entries.append(entry)
        for target, names in document.get("rename", {}).items():
            _claim(owners, path.name, rename_id(target), names, "legacy name")
            renames.update((name, (target, path.name)) for name in names)
    return entries, renames


def rename_id(target: str) -> str:
    """The id of a compact rename: `tf.math.log` -> `rename-math-log`."""
    return "rename-" + target.removeprefix("tf.").replace(".", "-")


def rename_entry(legacy: str, origin: tuple[str, str]) -> dict[str, Any]:
    """A compact rename as the entry of a full rule."""
    target, file = origin
    return {
        "id": rename_id(target),
        "kind": "rename",
        "legacy": [legacy],
        "family": "Renames",
        "file": file,
        "target": target,
        "effects": ["random"] if target.startswith(("tf.random.", "tf.image.random_")) else [],
    }


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleError(path.name, None, f"cannot be read: {error}") from error


def _claim(owners: dict[str, str], file: str, rule: str, names: Iterable[str], what: str) -> None:
    for name in names:
        if name in owners:
            raise RuleError(file, rule, f"{what} {name!r} already belongs to {owners[name]}")
        owners[name] = f"{file}: {rule}"
