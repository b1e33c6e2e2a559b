"""The code of one unit before and after, as aligned rows of lines for a side-by-side view."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import functools
import warnings
from collections.abc import Mapping, Sequence

from migrator.conversion import FileEdit
from migrator.ledger import Unit

_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclasses.dataclass(frozen=True)
class Span:
    """Lines `first` to `last` of a file, 1-based and inclusive."""

    path: str
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class Row:
    """One row: line numbers on the left and right (None: nothing there) and whether the two differ."""

    left: int | None
    right: int | None
    changed: bool


def before_span(unit: Unit, texts: Mapping[str, str]) -> Span | None:
    """The statement that a unit was in the legacy source."""
    tree = _parse(texts.get(unit.path, ""))
    nodes = [] if tree is None else [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    starting = [node for node in nodes if _first_line(node) <= unit.line <= node.lineno]
    holding = [node for node in nodes if _first_line(node) <= unit.line <= _last_line(node)]
    if starting:
        node = max(starting, key=_last_line)
    elif holding:
        node = min(holding, key=lambda node: _last_line(node) - _first_line(node))
    else:
        return None
    return Span(unit.path, _first_line(node), _last_line(node))


def after_span(unit: Unit, before: Span | None, edits: Sequence[FileEdit]) -> Span | None:
    """What the unit became: the definition that its target names, and the lines in the place of the old ones."""
    after = {edit.path: edit for edit in edits}
    found: list[Span] = []
    if unit.target is not None and unit.target.path in after:
        definition = _definition(after[unit.target.path].after, unit.target.name)
        if definition is not None:
            found.append(Span(unit.target.path, _first_line(definition), _last_line(definition)))
    if before is not None and before.path in after:
        edit = after[before.path]
        first, last = _mapped(edit.before or "", edit.after, before)
        if last >= first and (not found or found[0].path == before.path):
            found.append(Span(before.path, first, last))
    if not found:
        return None
    return Span(found[0].path, min(span.first for span in found), max(span.last for span in found))


def rows(left: Sequence[str], right: Sequence[str], left_first: int, right_first: int) -> list[Row]:
    """Both sides aligned; changed stretches stand opposite each other."""
    found: list[Row] = []
    blank = "".__eq__  # blank lines are alike everywhere: they align only next to lines that are
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(blank, left, right, autojunk=False).get_opcodes():
        for step in range(max(i2 - i1, j2 - j1)):
            old = left_first + i1 + step if i1 + step < i2 else None
            new = right_first + j1 + step if j1 + step < j2 else None
            found.append(Row(old, new, tag != "equal"))
    return found


def lines_of(text: str, span: Span) -> list[str]:
    """The lines of a span, without newlines."""
    return text.split("\n")[span.first - 1 : span.last]


def _mapped(old: str, new: str, span: Span) -> tuple[int, int]:
    """The lines of the new text that stand where the span's lines stood."""
    first, last = 0, -1
    matcher = _matcher(old, new)
    for tag, i1, i2, j1, j2 in matcher:
        if i2 < span.first or i1 >= span.last or (tag == "equal" and i2 <= span.first - 1):
            continue
        low, high = (j1 + max(span.first - 1 - i1, 0), j1 + min(span.last, i2) - i1) if tag == "equal" else (j1, j2)
        if high > low:
            first, last = (first or low + 1), high
    return first, last


@functools.lru_cache(maxsize=8)
def _matcher(old: str, new: str) -> list[tuple[str, int, int, int, int]]:
    matcher = difflib.SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return [tuple(opcode) for opcode in matcher.get_opcodes()]  # type: ignore[misc]


def _definition(text: str, name: str) -> ast.stmt | None:
    tree = _parse(text)
    parts = [part for part in name.split(".") if part != "<locals>"]
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, _Definition) and node.name == parts[-1]:
            return node
    return None


@functools.lru_cache(maxsize=64)
def _parse(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno
