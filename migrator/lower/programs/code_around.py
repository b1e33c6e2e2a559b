"""The code beside the models: brought up to date where that is sure, left and marked where it is not."""

from __future__ import annotations

import ast
import dataclasses
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.emit.editing import Statements, edited
from migrator.emit.layout import WIDTH
from migrator.lower.programs.module_rewriting import dropped
from migrator.lower.programs.touched_files import is_mentioned
from migrator.lower.reading.context import Refused
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.programs.assembly_state import Assembly
    from migrator.source.module import Module


def reached_definitions(assembly: Assembly) -> set[ast.AST]:
    """Functions that take part: evaluated for a model, or feeding one."""
    found: set[ast.AST] = set()
    for ctx in assembly.contexts:
        found |= set(ctx.facts.frames)
    return found | set(assembly.feeding)


def holds_reached(node: ast.stmt, reached: set[ast.AST], assembly: Assembly) -> bool:
    """True when a definition takes part in the conversion, itself or through one inside it."""
    return any(n in reached or n in assembly.calls or n in assembly.replaced for n in descendants(node))


def is_left_out(assembly: Assembly, module: Module, node: ast.stmt, reached: set[ast.AST]) -> bool:
    """True for a function that the converted program names no more, and that makes no part of it inside."""
    if not isinstance(node, ast.FunctionDef) or node in assembly.feeding:
        return False

    def takes_part(other: ast.stmt) -> bool:
        return holds_reached(other, reached, assembly)

    return not is_mentioned(assembly, module.path, node.name, takes_part) and not any(
        n in assembly.calls or n in assembly.replaced for n in descendants(node)
    )


def best_effort(
    assembly: Assembly, module: Module, node: ast.stmt, rewrite: Callable[[ast.AST], str | None]
) -> list[str] | None:
    """A definition that takes no part: library names are brought up to date, and what cannot be gets a marker above.

    In a file with a part of another program, which still needs its names, that is done as a whole or not at all. Raises
    Refused where it makes what an Estimator, or a call on one, is given.
    """
    if holds_others(assembly, module):
        try:
            plain = Statements(lambda n: [] if dropped(assembly, module, n) else None, lambda n: [])
            edited(dataclasses.replace(module, tree=ast.Module([node], [])), plain, rewrite)
        except Refused:
            if any(n in assembly.makers for n in descendants(node)):
                raise
            return own_lines(module, node)
        return None
    statements = [n for n in (node, *descendants(node)) if isinstance(n, ast.stmt)]

    def replace(inner: ast.stmt) -> list[str] | None:
        return marked(assembly, module, inner) or ([] if dropped(assembly, module, inner) else None)

    for _ in statements:
        try:
            plan = dataclasses.replace(module, tree=ast.Module([node], []))
            edited(plan, Statements(replace, lambda n: []), rewrite)
            break
        except Refused as refused:
            line = refused.refusal.line if refused.refusal.path == module.path else node.lineno
            around = [n for n in statements if n.lineno <= line <= (n.end_lineno or n.lineno)] or [node]
            innermost = min(around, key=lambda n: (n.end_lineno or n.lineno) - n.lineno)
            if any(innermost in descendants(maker) for maker in assembly.makers):
                raise
            assembly.markers[innermost if innermost not in assembly.markers else node] = refused.refusal.message
            message = f"left as it is, for no Estimator is made of it: {refused.refusal.message}"
            assembly.group.ctx.note(refused.refusal.rule, "warning", module, innermost, message)
    return marked(assembly, module, node)


def marked(assembly: Assembly, module: Module, node: ast.stmt) -> list[str] | None:
    """A statement that stays as it is, with the reason in a comment above; None for any other."""
    if node not in assembly.markers:
        return None
    return [*comment(assembly.markers[node], len(module.indent_of(node))), *own_lines(module, node)]


def own_lines(module: Module, node: ast.stmt) -> list[str]:
    """The lines of a statement as they are, its indentation taken off."""
    start, end = module.span(node)
    indent = module.indent_of(node)
    return [line.removeprefix(indent) for line in module.text[start:end].split("\n")]


def holds_others(assembly: Assembly, module: Module) -> bool:
    """True when a file has model_fns, Estimators or calls on them that are not converted here."""
    group = assembly.group
    program = group.program
    nodes: set[ast.AST] = {fn.node for fn in (*program.model_fns, *program.unattached) if fn.module.path == module.path}
    nodes |= {made.call for made in program.constructions if made.module.path == module.path}
    nodes |= {use.call for use in program.uses if use.module.path == module.path}
    return bool(nodes - set(group.models) - set(group.constructions) - set(group.uses))


def comment(message: str, column: int) -> list[str]:
    """A marker for a person as comment lines."""
    return textwrap.wrap(
        f"TODO(migrate): {message}", max(40, WIDTH - column), initial_indent="# ", subsequent_indent="# "
    )
