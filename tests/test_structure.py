"""The package's imports flow one way: no file needs, through others, what needs it. Types count as much as calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "migrator"


def modules() -> dict[str, Path]:
    """Dotted name -> file."""
    found: dict[str, Path] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of the package that a file imports anywhere: in functions and for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else str(node.module)


def circle(needs: dict[str, set[str]]) -> list[str]:
    """What is left when everything that needs nothing of the rest is taken away, level by level: the circles."""
    left = dict(needs)
    while ready := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in ready}
    return sorted(left)


def test_no_file_needs_what_needs_it() -> None:
    known = modules()
    assert circle({name: set(imported(path, known)) - {name} for name, path in known.items()}) == []


def test_no_room_needs_what_needs_it() -> None:
    known = modules()
    rooms: dict[str, set[str]] = {}
    for name, path in known.items():
        here = room_of(name, known)
        rooms.setdefault(here, set()).update({room_of(other, known) for other in imported(path, known)} - {here})
    assert circle(rooms) == []


def room_of(name: str, known: dict[str, Path]) -> str:
    """The folder of a module; a file at the top of the package is a room of its own."""
    holder = name if known[name].name == "__init__.py" else name.rpartition(".")[0]
    return name if holder == PACKAGE.name else holder
