"""Functions that nothing names any more once a conversion is written: what only a left-out host call was made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Set
from typing import TYPE_CHECKING

from migrator.source.syntax import children

if TYPE_CHECKING:
    from migrator.source.module import Module


def words(texts: Iterable[str]) -> frozenset[str]:
    """Every name that texts mention."""
    return frozenset(word for text in texts for word in re.findall(r"[^\W\d]\w*", text))


def names_live(
    modules: Iterable[Module],
    seen_by: Callable[[str], Set[str]],
    given: Set[str],
    gone: Set[ast.AST],
    takes_part: Callable[[ast.stmt], bool],
    said: Callable[[ast.AST, Set[ast.AST]], set[str]] | None = None,
) -> dict[str, set[str]]:
    """File -> the names that its code mentions as far as it may run: at the top, or in a definition that is live.

    Live is what takes part, is one of the `given` names, or is mentioned by live code of its file or of one that sees
    it. A function's mention of itself is none, nor is an import: what it brings is named elsewhere where it is used.
    `said` tells which names a node mentions, but in the parts that are gone: `names_in` where it is not given.
    """
    said = said or names_in
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, ast.FunctionDef | ast.ClassDef]] = []
    for module in modules:
        found[module.path] = set()
        for node in module.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                waiting.append((module.path, node))
            else:
                found[module.path] |= said(node, gone)
    while True:
        live = [
            (path, node)
            for path, node in waiting
            if node.name in given
            or any(node.name in found[other] for other in seen_by(path) if other in found)
            or takes_part(node)
        ]
        if not live:
            return found
        for path, node in live:
            found[path] |= said(node, gone) - ({node.name} if isinstance(node, ast.FunctionDef) else set())
        waiting = [item for item in waiting if item not in live]


def names_in(node: ast.AST, gone: Set[ast.AST]) -> set[str]:
    """The names that a node mentions, but in the parts of it that are gone; texts may be names of attributes."""
    found: set[str] = set()
    todo = [node]
    while todo:
        inner = todo.pop()
        if inner in gone or isinstance(inner, (ast.Import, ast.ImportFrom)):
            continue
        match inner:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.Constant(value=str() as text):
                found.add(text)
        todo += children(inner)
    return found
