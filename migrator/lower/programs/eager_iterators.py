"""Iterators that a script steps through itself, where it computes eagerly: those of Python."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.values import Result
from migrator.lower.programs.inputs import iterated
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

SWITCHES = frozenset({"tensorflow.enable_eager_execution", "tensorflow.enable_v2_behavior"})
APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.With)


def iterator_text(ctx: Context, module: Module, node: ast.Call, render: Callable[[ast.AST], str]) -> str | None:
    """`iter(dataset)` for a one-shot iterator at the top of a script that computes eagerly; None for any other call.

    A function may run in the graph that an Estimator builds, and `with` may open another one.
    """
    dataset = iterated(node)
    if dataset is None:
        return None
    statement = next((s for s in module.tree.body if node in descendants(s)), None)
    if statement is None or any(isinstance(n, APART) and node in descendants(n) for n in descendants(statement)):
        return None
    before = module.tree.body[: module.tree.body.index(statement)]
    return f"iter({render(dataset)})" if any(switches(ctx, other) for other in before) else None


def switches(ctx: Context, statement: ast.stmt) -> bool:
    """True for a statement that switches eager execution on, whatever else happens."""
    value = ctx.facts.value(statement.value) if isinstance(statement, ast.Expr) else None
    return isinstance(value, Result) and value.symbol.replace(".compat.v1", "") in SWITCHES
