"""Functions that only give an arg_scope, as slim's networks have them: its defaults stand at each layer now."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.arg_scopes import is_scope
from migrator.analysis.values import options
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.analysis.facts import Frame
    from migrator.lower.reading.context import Context
    from migrator.source.project import Project


def unneeded(contexts: Iterable[Context], project: Project) -> set[ast.AST]:
    """The functions at the top of a file that give an arg_scope and are called for nothing else, anywhere."""
    frames: dict[ast.AST, list[Frame]] = {}
    for ctx in contexts:
        for definition, found in ctx.facts.frames.items():
            frames.setdefault(definition, []).extend(found)
    scopes = {node: found for node, found in frames.items() if all(map(gives_scope, found))}
    called = {frame.call.func for found in scopes.values() for frame in found if frame.call is not None}
    return {node for node in scopes if isinstance(node, ast.FunctionDef) and only_called(project, node, called)}


def gives_scope(frame: Frame) -> bool:
    """True for an activation that returned an arg_scope, and made no layers."""
    return frame.returned is not None and all(map(is_scope, options(frame.returned))) and not frame.creations


def only_called(project: Project, node: ast.FunctionDef, called: set[ast.expr]) -> bool:
    """True when every mention of a function, in any file, is one of these calls."""
    for path, text in project.sources.items():
        module = project.module(path) if node.name in text else None
        for inner in descendants(module.tree) if module is not None else ():
            mentions = isinstance(inner, ast.Name) and inner.id == node.name
            mentions = mentions or isinstance(inner, ast.Attribute) and inner.attr == node.name
            if mentions and inner not in called:
                return False
    return any(node in module.tree.body for module in map(project.module, project.sources) if module is not None)
