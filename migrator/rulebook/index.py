"""The rulebook that a run asks: rules by canonical legacy name, from a compiled form so that start-up stays fast."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrator.rulebook.location import rules_directory
from migrator.rulebook.model import Rule, rule_from
from migrator.workspace.folders import cache_folder

COMPILED_FORMAT = 2
COMPILED_NAME = "compiled.json"


class Rulebook:
    """Rules by canonical legacy name. Rules are made when they are first asked for; they carry no cases."""

    def __init__(self, compiled: Mapping[str, Any]) -> None:
        self._entries: list[dict[str, Any]] = compiled["entries"]
        self._owners: dict[str, int] = compiled["owners"]
        self._renames: dict[str, tuple[str, str]] = compiled["renames"]
        self._made: dict[int, Rule] = {}

    def find(self, canonical_name: str) -> Rule | None:
        """The rule of a canonical legacy name (`tensorflow.layers.dense`), or of a prefix (`tensorflow.x.*`)."""
        position = self._owners.get(canonical_name)
        if position is None:
            origin = self._renames.get(canonical_name)
            if origin is not None:
                return _rename(canonical_name, *origin)
            position = self._below_prefix(canonical_name)
            if position is None:
                return None
        rule = self._made.get(position)
        if rule is None:
            rule = self._made[position] = rule_from(self._entries[position])
        return rule

    def _below_prefix(self, name: str) -> int | None:
        end = name.rfind(".")
        while end > 0:
            position = self._owners.get(name[:end] + ".*")
            if position is not None:
                return position
            end = name.rfind(".", 0, end)
        return None

    def names(self) -> Iterator[str]:
        """Every canonical legacy name that has a rule."""
        yield from self._owners
        yield from self._renames

    def knows_below(self, prefix: str) -> bool:
        """Whether some rule's name lies below a dotted prefix (`tensorflow.layers`)."""
        return prefix in self._prefixes

    @functools.cached_property
    def _prefixes(self) -> frozenset[str]:
        parts = (name.split(".") for name in self.names())
        return frozenset(".".join(p[:n]) for p in parts for n in range(1, len(p)))


@functools.lru_cache(maxsize=4096)
def _rename(legacy: str, target: str, file: str) -> Rule:
    from migrator.rulebook.reading import rename_entry

    return rule_from(rename_entry(legacy, (target, file)))


@functools.lru_cache(maxsize=1)
def load() -> Rulebook:
    """The rulebook of this installation, compiled once per content of the rule files. Raises RuleError."""
    return load_from(rules_directory(), cache_folder())


def load_from(directory: Path, cache: Path | None) -> Rulebook:
    """The rulebook of a folder of rule files; `cache` is a folder for the compiled form, or None for no cache."""
    files = sorted(directory.glob("*.toml"))
    digest = hashlib.sha256(f"{COMPILED_FORMAT}".encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    key = digest.hexdigest()
    shipped = _read_compiled(directory / COMPILED_NAME, key)
    if shipped is not None:
        return Rulebook(shipped)
    kept = cache / f"rules-{key[:16]}.json" if cache is not None else None
    compiled = _read_compiled(kept, key) if kept is not None else None
    if compiled is None:
        compiled = {"key": key, **compile_rules(directory)}
        if kept is not None:
            _write(kept, compiled)
    return Rulebook(compiled)


def compile_rules(directory: Path) -> dict[str, Any]:
    """The rule files as plain JSON data: entries without cases, and which entry owns which legacy name."""
    from migrator.rulebook.reading import read_entries

    entries, renames = read_entries(directory)
    entries = [entry for entry in entries if not entry.get("unchanged")]
    return {
        "entries": [{k: v for k, v in e.items() if k not in ("cases", "untested")} for e in entries],
        "owners": {name: position for position, entry in enumerate(entries) for name in entry["legacy"]},
        "renames": {name: list(origin) for name, origin in renames.items()},
    }


def _read_compiled(path: Path, key: str) -> dict[str, Any] | None:
    try:
        compiled = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return compiled if isinstance(compiled, dict) and compiled.get("key") == key else None


def _write(path: Path, compiled: Mapping[str, Any]) -> None:
    """Written beside and renamed, so that a reader never meets half a file; a read-only cache is no fault.

    Compiled forms of other contents go: only the newest is ever read again.
    """
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8") as file:
            json.dump(compiled, file, separators=(",", ":"))
        os.replace(file.name, path)
        for other in path.parent.glob("rules-*.json"):
            if other != path:
                other.unlink(missing_ok=True)
    except OSError:
        return
