"""Functions that nothing names any more once a conversion is written: what only a left-out host call was made of."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Set
from typing import TYPE_CHECKING

from migrator.source.syntax import children

if TYPE_CHECKING:
    from migrator.source.project import Project


def names_kept(project: Project, paths: Iterable[str], gone: Set[ast.AST], texts: Iterable[str]) -> frozenset[str]:
    """Every name that the new texts, and the code that stays in these files, mention.

    A function's mention of itself is none, nor is an import: what it brings is named elsewhere where it is used.
    """
    found = {word for text in texts for word in re.findall(r"[^\W\d]\w*", text)}
    for path in paths:
        module = project.module(path)
        for node in module.tree.body if module is not None else ():
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
