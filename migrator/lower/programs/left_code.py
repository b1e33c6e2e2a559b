"""Code that is left as it is: nothing of the converted program may come to it, for it would end there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from migrator.analysis.facts import Refusal
from migrator.lower.programs import unused
from migrator.lower.programs.touched_files import importing
from migrator.lower.reading.context import Refused
from migrator.lower.reading.shadows import local_names
from migrator.source.inventory import legacy_uses
from migrator.source.project import Project, reached_by
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.programs.assembly_state import Assembly
    from migrator.source.module import Module

Definition = ast.FunctionDef | ast.ClassDef


def check(assembly: Assembly, texts: Mapping[str, str]) -> None:
    """Refuse where the converted files, with these texts, name what holds a statement with a marker. Raises Refused."""
    project = assembly.group.ctx.project
    before = [project.module(path) for path in sorted(texts.keys() & project.sources.keys())]
    left = [(m, d, s) for m in before if m is not None for d, s in marked(assembly, m)]
    if not left:
        return
    new = Project({**project.sources, **texts})
    users = importing(new, new.sources)

    def seen_by(path: str) -> set[str]:
        return reached_by(frozenset({path}), users)

    paths = sorted(set[str]().union(*(seen_by(path) for path in texts)))
    modules = [module for path in paths if (module := new.module(path)) is not None]
    live = unused.names_live(modules, seen_by, frozenset(), frozenset(), lambda node: False, lambda node, _: said(node))
    for module, definition, statement in left:
        named = set[str]().union(*(live.get(path, ()) for path in seen_by(module.path)))
        if runs_on_import(module, definition, statement):
            comes = "the program imports it"
        elif all(name in named for name in names_of(definition, statement)):
            comes = "the program names it"
        else:
            continue
        message = f"`{definition.name}` is left as it is, and {comes}: {assembly.markers[statement]}"
        raise Refused(Refusal("left-code", module.path, getattr(statement, "lineno", 1), message))


def said(node: ast.AST) -> set[str]:
    """The names of other definitions, and of attributes, that a node mentions."""
    local = local_names(node) if isinstance(node, ast.FunctionDef) else frozenset[str]()
    inside = {n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Load)} - local
    return inside | {n.attr for n in every(node, ast.Attribute)}


def marked(assembly: Assembly, module: Module) -> Iterator[tuple[Definition, ast.AST]]:
    """The statements with a marker, with the definition at the top of the file that each stands in."""
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not defined_again(module, node):
            yield from ((node, inner) for inner in descendants(node) if inner in assembly.markers)


def runs_on_import(module: Module, definition: Definition, statement: ast.AST) -> bool:
    """True for what runs when the file is imported: the head of a definition, and what a class says beside methods."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        outer = statement is definition or statement in definition.body and isinstance(definition, ast.ClassDef)
        head = range(statement.lineno, max(statement.lineno + 1, statement.body[0].lineno))
        return outer and any(line in head for _, line in legacy_uses(module.tree))
    methods = [n for n in every(definition, ast.FunctionDef) if n is not definition]
    return isinstance(definition, ast.ClassDef) and not any(statement in descendants(m) for m in methods)


def defined_again(module: Module, node: Definition) -> bool:
    """True where another definition takes the name before anything at the top of the file reads it."""
    for later in module.tree.body[module.tree.body.index(node) + 1 :]:
        if isinstance(later, (ast.FunctionDef, ast.ClassDef)):
            if later.name == node.name:
                return True
        elif any(n.id == node.name for n in every(later, ast.Name)):
            return False
    return False


def names_of(definition: Definition, statement: ast.AST) -> list[str]:
    """What a program says to come to a statement: its function, or its class and the method."""
    methods = definition.body if isinstance(definition, ast.ClassDef) else []
    holding = [m.name for m in methods if isinstance(m, ast.FunctionDef) and statement in descendants(m)]
    return [definition.name, *(name for name in holding if not name.startswith("__"))]
