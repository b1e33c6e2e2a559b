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


def names_kept(module: Module, gone: Set[ast.AST], takes_part: Callable[[ast.stmt], bool]) -> frozenset[str]:
    """Every name that the code which stays in a file mentions, but for definitions that take no part.

    A function's mention of itself is none, nor is an import: what it brings is named elsewhere where it is used.
    """
    found: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not takes_part(node):
            continue
        named = names_in(node, gone)
        found |= named - {node.name} if isinstance(node, ast.FunctionDef) else named
    return frozenset(found)


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
