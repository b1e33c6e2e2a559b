"""Names that only some ways through a body bind: read without a value, they stop the migrated program as well."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, header
from migrator.lower.reading.slices import definitions, kept_name, leaves, target_names
from migrator.source.syntax import children

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body

PERHAPS = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_by(st: Body, steps: Iterable[Step]) -> set[str]:
    """The local names that some of the steps bind, where nothing else gives them a value.

    A slice holds every statement that may bind what it reads, under the conditions that it had. So a name that is
    unbound there was unbound in the program too: an `if` and an `elif` without an `else`, a loop without a trip.
    """
    found: set[str] = set()
    for step in steps:
        if step.kind == "simple":
            found |= definitions(step.node)[1]
        elif isinstance(step.node, ast.For):
            found |= target_names(step.node.target)
    return found - st.roles.keys() - st.free - {kept_name(attr) for attr in st.kept}


def surely_read(steps: Iterable[Step], name: str) -> bool:
    """True when every run of the steps, which are those of one mode, reads a name."""
    for step in steps:
        if any(reads(expression, name) for expression in header(step)):
            return True
        if step.kind == "with" and surely_read(step.blocks[0], name):
            return True
        if step.kind == "if" and all(surely_read(block, name) for block in step.blocks):
            return True
        if leaves([step], errors=False):
            return False
    return False


def reads(node: ast.AST, name: str) -> bool:
    """True when evaluating an expression surely reads a name."""
    if isinstance(node, PERHAPS):
        return False
    if isinstance(node, ast.Name):
        return node.id == name and isinstance(node.ctx, ast.Load)
    return any(reads(child, name) for child in children(node))
