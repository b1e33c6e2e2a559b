"""`migrate report OLD NEW`: what has moved between two reports of one project."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from rich.console import Console
from rich.text import Text

from migrator.report.bars import bar
from migrator.report.reasons import count
from migrator.report.terminal import LISTED, console_on
from migrator.workspace.errors import WorkspaceError

Change = Literal["converted", "proven", "gone", "regressed", "new", "remaining"]
SYMBOLS = ("total", "converted", "manual", "unknown", "ignored")
_TITLES: dict[Change, str] = {
    "converted": "newly converted",
    "proven": "newly verified",
    "gone": "no longer in the legacy code",
    "regressed": "regressed",
    "new": "new, and not converted",
    "remaining": "remaining",
}
_COLOURS: dict[Change, str] = {
    "converted": "green",
    "proven": "green",
    "gone": "green",
    "regressed": "red",
    "new": "yellow",
    "remaining": "yellow",
}


@dataclasses.dataclass(frozen=True)
class Moved:
    """One unit and what became of it between the two reports."""

    change: Change
    kind: str
    path: str
    line: int
    name: str
    detail: str


@dataclasses.dataclass(frozen=True)
class History:
    """The difference of two reports. `left` counts the units that are not converted: before and now."""

    moved: tuple[Moved, ...]
    left: tuple[int, int]
    symbols: Mapping[str, tuple[int, int]]

    @property
    def regressed(self) -> bool:
        """Whether something that was converted or verified no longer is."""
        return any(moved.change == "regressed" for moved in self.moved)


def read_report(path: Path) -> dict[str, Any]:
    """A report.json, given as the file or as its folder. Raises WorkspaceError when it is not one of schema 1."""
    file = path / "report.json" if path.is_dir() else path
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{file} cannot be read: {error}") from error
    if not isinstance(data, dict) or data.get("schema") != 1 or not {"units", "symbols"} <= data.keys():
        raise WorkspaceError(f"{file} is not a report.json of schema 1")
    return data


def history(old: Mapping[str, Any], new: Mapping[str, Any]) -> History:
    """Compares two reports. Units are told apart by kind, file and name, and among equals by their order."""
    before, after = _keyed(old["units"]), _keyed(new["units"])
    moved = [_moved(before.get(key), unit) for key, unit in after.items()]
    moved += [_gone(unit) for key, unit in before.items() if key not in after]
    left = tuple(sum(unit["status"] != "converted" for unit in data["units"]) for data in (old, new))
    symbols = {name: (old["symbols"][name], new["symbols"][name]) for name in SYMBOLS}
    order = list(_TITLES)
    kept = sorted(filter(None, moved), key=lambda item: (order.index(item.change), item.path, item.line))
    return History(tuple(kept), (left[0], left[1]), symbols)


def history_document(found: History) -> dict[str, Any]:
    """The comparison as JSON data."""
    pairs = {name: {"old": old, "new": new} for name, (old, new) in found.symbols.items()}
    changes: dict[str, list[dict[str, Any]]] = {change: [] for change in _TITLES}
    for moved in found.moved:
        changes[moved.change].append({k: v for k, v in dataclasses.asdict(moved).items() if k != "change"})
    return {"history": 1, "left": {"old": found.left[0], "new": found.left[1]}, "units": changes, "symbols": pairs}


def history_markdown(found: History) -> str:
    """The comparison for a pull request."""
    lines = ["# Migration progress", "", f"Units not converted: {found.left[0]:,} → {found.left[1]:,}", ""]
    lines += ["| legacy symbols | old | new |", "|---|---|---|"]
    lines += [f"| {name} | {old:,} | {new:,} |" for name, (old, new) in found.symbols.items()]
    for change, members in _by_change(found).items():
        lines += ["", f"## {_TITLES[change].capitalize()}: {len(members):,}", ""]
        lines += [_item(moved) for moved in members[:LISTED]]
        lines += [f"- … {len(members) - LISTED:,} more"] if len(members) > LISTED else []
    return "\n".join(lines) + "\n"


def print_history(found: History, stream: IO[str]) -> None:
    """The comparison for people."""
    console = console_on(stream)
    for change, members in _by_change(found).items():
        console.print(Text(f"{_TITLES[change]}: {count(len(members), 'unit')}", f"bold {_COLOURS[change]}"))
        for moved in members[:LISTED]:
            line = Text.assemble("  ", (f"{moved.path}:{moved.line}", "cyan"), f" {moved.kind} {moved.name}")
            console.print(line.append(f": {moved.detail}" if moved.detail else ""))
        if len(members) > LISTED:
            console.print(Text(f"  ... {len(members) - LISTED:,} more; --format json has all", "dim"))
    if not found.moved:
        console.print(Text("nothing has moved, and nothing remains"))
    _totals(console, found)


def _totals(console: Console, found: History) -> None:
    names = [name for name in SYMBOLS if any(found.symbols[name])]
    symbols = ", ".join(f"{name} {found.symbols[name][0]:,} -> {found.symbols[name][1]:,}" for name in names)
    old, new = found.left
    done = [(max(old - new, 0), "green"), (new, "yellow")]
    console.print(Text.assemble(("left     ", "bold"), bar(console, done), f"  {old:,} -> {count(new, 'unit')}"))
    console.print(Text.assemble(("symbols  ", "bold"), symbols or "none"))


def _by_change(found: History) -> dict[Change, list[Moved]]:
    grouped: dict[Change, list[Moved]] = defaultdict(list)
    for moved in found.moved:
        grouped[moved.change].append(moved)
    return grouped


def _item(moved: Moved) -> str:
    detail = ": " + moved.detail.replace("\n", " ") if moved.detail else ""
    return f"- `{moved.path}:{moved.line}` {moved.kind} `{moved.name}`{detail}"


def _keyed(units: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str, str, int], Mapping[str, Any]]:
    """Units by what survives an edit above them: not the line, but the how-manieth of its name it is."""
    seen: Counter[tuple[str, str, str]] = Counter()
    keyed = {}
    for unit in sorted(units, key=lambda unit: (unit["path"], unit["line"])):
        kind, path, name = key = (unit["kind"], unit["path"], unit["name"])
        keyed[kind, path, name, seen[key]] = unit
        seen[key] += 1
    return keyed


def _moved(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> Moved | None:
    was, proof = (old["status"], old["verification"]["status"]) if old is not None else ("", "")
    status, proven = new["status"], new["verification"]["status"]
    if was == "converted" and status != "converted":
        return _entry("regressed", new, f"was converted, is {status}: {_why(new)}")
    if was == "converted" and proof == "verified" and proven == "failed":
        return _entry("regressed", new, f"was verified, fails now: {new['verification']['reason']}")
    if status != "converted":
        return _entry("remaining" if was else "new", new, _why(new))
    if was != "converted":
        return _entry("converted", new, proven.replace("_", " "))
    return _entry("proven", new, "") if proven == "verified" != proof else None


def _gone(old: Mapping[str, Any]) -> Moved | None:
    """A unit that was left and is not found any more: converted by hand, or removed. What was converted stays so."""
    return None if old["status"] == "converted" else _entry("gone", old, "")


def _entry(change: Change, unit: Mapping[str, Any], detail: str) -> Moved:
    return Moved(change, unit["kind"], unit["path"], unit["line"], unit["name"], detail)


def _why(unit: Mapping[str, Any]) -> str:
    findings = unit["findings"]
    weighty = [finding for finding in findings if finding["severity"] != "info"] or findings
    return "; ".join(dict.fromkeys(finding["message"] for finding in weighty)) or "no reason was given"
