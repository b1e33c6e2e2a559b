"""Composes the support module: the pieces of this folder that a migrated program uses, as one text.

The files beside this one are source text: they are never imported here, and need Keras and TensorFlow only where
they run. A piece is one top-level class or function.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Iterable
from pathlib import Path

HEADER = '"""What TensorFlow 1 computes and Keras does not, as small exact classes and functions."""\n'
STANDARD = {
    name: f"import {name}"
    for name in (
        "collections",
        "contextlib",
        "csv",
        "functools",
        "json",
        "numbers",
        "os",
        "re",
        "shutil",
        "tempfile",
        "time",
    )
}
IMPORTS = {"keras": "import keras", "np": "import numpy as np", "tf": "import tensorflow as tf"}


@dataclasses.dataclass(frozen=True)
class Piece:
    """One class or function: its text, the other pieces that it needs, and the imports."""

    name: str
    text: str
    needs: frozenset[str]
    imports: frozenset[str]


def support_source(names: Iterable[str]) -> str:
    """The text of one module with the named pieces and all that they need; the same names give the same text.

    Raises KeyError for a name that no file defines.
    """
    chosen = _closure(names)
    used = frozenset[str]().union(*(piece.imports for piece in chosen))
    groups = ([line for name, line in group.items() if name in used] for group in (STANDARD, IMPORTS))
    imports = "\n\n".join("\n".join(group) for group in groups if group)
    blocks = [piece.text for piece in _ordered(chosen)]
    return HEADER + "\n" + imports + "\n\n\n" + "\n\n\n".join(blocks) + "\n"


def support_names(source: str) -> frozenset[str] | None:
    """The pieces that a composed module holds, or None when the text holds anything else, or differs from them."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return None
    names = {node.name for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    known = names <= set(pieces())
    return frozenset(names) if names and known and support_source(names) == source else None


@functools.lru_cache(maxsize=1)
def pieces() -> dict[str, Piece]:
    """Every piece of this folder by name."""
    found: dict[str, tuple[str, ast.AST]] = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name != "__init__.py":
            source = path.read_text(encoding="utf-8")
            for node in ast.parse(source).body:
                if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                    found[node.name] = (_text(source, node), node)
    return {name: _piece(name, text, node, frozenset(found)) for name, (text, node) in found.items()}


def _text(source: str, node: ast.ClassDef | ast.FunctionDef) -> str:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _piece(name: str, text: str, node: ast.AST, known: frozenset[str]) -> Piece:
    used = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name))
    return Piece(name, text, (used & known) - {name}, used & {*STANDARD, *IMPORTS})


def _closure(names: Iterable[str]) -> frozenset[Piece]:
    known = pieces()
    chosen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in chosen:
            chosen.add(name)
            waiting.extend(known[name].needs)
    return frozenset(known[name] for name in chosen)


def _ordered(chosen: frozenset[Piece]) -> list[Piece]:
    """By name, but what a piece needs stands before it."""
    by_name = {piece.name: piece for piece in chosen}
    done: dict[str, Piece] = {}

    def place(piece: Piece) -> None:
        if piece.name not in done:
            for name in sorted(piece.needs):
                place(by_name[name])
            done[piece.name] = piece

    for name in sorted(by_name):
        place(by_name[name])
    return list(done.values())
