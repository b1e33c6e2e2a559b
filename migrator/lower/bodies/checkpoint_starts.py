"""The calls that give variables their values in a checkpoint, and who asks for the names of variables."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Symbol, options
from migrator.lower.bodies import optimizer_classes
from migrator.lower.spec import restoring

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context


INIT = "tensorflow.train.init_from_checkpoint"


def needs_names(ctx: Context) -> bool:
    """True when variables must tell their names: to a checkpoint of TensorFlow 1, or to an optimizer."""
    return bool(init_calls(ctx)) or optimizer_classes.asks_names(ctx)


def init_calls(ctx: Context) -> list[ast.Call]:
    """Every call that gives variables their values in a checkpoint."""
    found: list[ast.Call] | None = ctx.__dict__.get("_init_calls")
    if found is None:
        found = [
            call
            for call, callees in ctx.facts.callees.items()
            if any(isinstance(o, Symbol) and o.name == INIT for callee in callees for o in options(callee))
        ]
        found += [made.call for made in ctx.facts.results.get(restoring.RESTORE, ()) if made.call not in found]
        ctx.__dict__["_init_calls"] = found
    return found


def is_start(ctx: Context, node: ast.stmt) -> bool:
    """True for `tf.train.init_from_checkpoint(...)` as a statement, in a branch that is never taken too."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    return is_init_call(ctx, node.value)


def is_init_call(ctx: Context, node: ast.Call) -> bool:
    """True for a call that reads a checkpoint; in code that is never reached, by the way the function is called."""
    if node in ctx.facts.callees:
        return node in init_calls(ctx)
    return any(ast.dump(node.func) == ast.dump(call.func) for call in init_calls(ctx))
