"""Edits of one file: statements replaced, removed or preceded by others, expressions rewritten, the rest untouched."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable

from migrator.emit.fragments import Renderer
from migrator.emit.layout import fit
from migrator.source.module import Module
from migrator.source.syntax import children

Rewrite = Callable[[ast.AST], str | None]


@dataclasses.dataclass(frozen=True)
class Statements:
    """What happens to whole statements: `replace` gives new lines (unindented), an empty list removes."""

    replace: Callable[[ast.stmt], list[str] | None]
    before: Callable[[ast.stmt], list[str]]


@dataclasses.dataclass(frozen=True)
class Change:
    """A text replacement between two character offsets."""

    start: int
    end: int
    text: str


def edited(module: Module, statements: Statements, rewrite: Rewrite) -> str:
    """The file's text with all changes applied; equal to the source where nothing changes."""
    changes: list[Change] = []
    _block(module, module.tree.body, statements, rewrite, changes, top=True)
    text = module.text
    for change in sorted(changes, key=lambda c: c.start, reverse=True):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def _block(
    module: Module,
    body: list[ast.stmt],
    statements: Statements,
    rewrite: Rewrite,
    changes: list[Change],
    top: bool = False,
) -> None:
    removed = 0
    for node in body:
        lines = statements.replace(node)
        if lines is None:
            _statement(module, node, statements, rewrite, changes)
            continue
        removed += not lines
        if not lines and removed == len(body) and not top:
            lines = ["pass"]
        changes.append(_whole(module, node, lines))


def _whole(module: Module, node: ast.stmt, lines: list[str]) -> Change:
    """The replacement of a statement with its line; a removed one goes with the comment behind it."""
    start, end = module.span(node)
    indent = module.indent_of(node)
    if lines:
        text = "\n".join(indent + line if line and i else line for i, line in enumerate(lines))
        return Change(start, end, text)
    line_start = module.line_start(module.line_of(start))
    if isinstance(node, ast.FunctionDef):
        # the blank lines above a definition go with it
        above = module.text[:line_start].rstrip(" \n")
        line_start = len(above) + 1 if above else 0
    rest = module.text[end:].split("\n", 1)[0]
    if module.text[line_start:start].strip() or (rest.strip() and not rest.lstrip().startswith("#")):
        return Change(start, end, "pass")
    after = min(end + len(rest) + 1, len(module.text))
    return Change(line_start, after + joined_gap(module.text, line_start, after), "")


def joined_gap(text: str, start: int, end: int) -> int:
    """How many of the empty lines behind a removed statement go too, so that two gaps do not add up."""
    above = len(text[:start].rstrip(" \t")) - len(text[:start].rstrip()) - 1
    rest = text[end:]
    below = len(rest) - len(rest.lstrip("\n"))
    return min(max(above, 0), below)


def _statement(module: Module, node: ast.stmt, statements: Statements, rewrite: Rewrite, changes: list[Change]) -> None:
    """Changes inside a statement that stays."""
    before = statements.before(node)
    blocks = [b for b in (getattr(node, f, None) for f in ("body", "orelse", "finalbody")) if isinstance(b, list) and b]
    handlers = getattr(node, "handlers", [])
    renderer = Renderer(module, rewrite)
    if not blocks and not handlers:
        text = renderer.inside(node)
        start, end = module.span(node)
        if text != module.text[start:end] or before:
            changes.append(Change(start, end, _laid_out(module, node, text, before)))
        return
    if before:
        start, _ = module.span(node)
        indent = module.indent_of(node)
        changes.append(Change(start, start, "".join(f"{line}\n{indent}" for line in before)))
    for child in children(node):
        if isinstance(child, (ast.expr, ast.arguments, ast.withitem, ast.keyword)):
            _expressions(module, child, renderer, changes)
    for block in blocks:
        if isinstance(block[0], ast.stmt):
            _block(module, block, statements, rewrite, changes)
    for handler in handlers:
        _block(module, handler.body, statements, rewrite, changes)


def _expressions(module: Module, node: ast.AST, renderer: Renderer, changes: list[Change]) -> None:
    """Changes of expressions in a header; nodes without a position are looked into."""
    if not isinstance(node, ast.expr):
        for child in children(node):
            _expressions(module, child, renderer, changes)
        return
    text = renderer.expression(node)
    start, end = module.span(node)
    if text != module.text[start:end]:
        changes.append(Change(start, end, text))


def _laid_out(module: Module, node: ast.stmt, text: str, before: list[str]) -> str:
    """A changed statement broken where it became too long, with the lines that come before it."""
    indent = module.indent_of(node)
    start, _ = module.span(node)
    alone = not module.text[module.line_start(node.lineno) : start].strip()
    if "\n" not in text and alone:
        lines = fit(indent + text)
        lines = [lines[0][len(indent) :], *lines[1:]]
    else:
        lines = text.split("\n")
    prefix = [line if i == 0 else indent + line for i, line in enumerate(before)]
    if prefix:
        lines[0] = indent + lines[0]
    return "\n".join([*prefix, *lines])
