"""What updates the moving averages of batch norms: UPDATE_OPS, when something runs them, or each norm on the spot."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Symbol, Value, is_none, options
from migrator.lower.library import partials
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

NORMS = ("layers.batch_normalization", "layers.batch_norm", "tensorflow.layers.BatchNormalization")
COLLECTIONS = "updates_collections"
HERE, LATER, ELSEWHERE = "on the spot", "in UPDATE_OPS", "in a collection of its own"


def frozen(ctx: Context, module: Module, run: bool) -> ast.Call | None:
    """A batch norm whose averages never move, when none of them do; `run`: something runs UPDATE_OPS."""
    found = {call: set(where) for call, where in norms(ctx)}
    kinds = {kind for where in found.values() for kind in where}
    if ELSEWHERE in kinds:
        call = next(call for call, where in found.items() if ELSEWHERE in where)
        message = "the updates of a batch norm are kept in a collection of their own"
        raise ctx.refuse("batch-norm-updates", call, module, message)
    if run or LATER not in kinds:
        return None
    if HERE in kinds:
        call = next(call for call, where in found.items() if LATER in where)
        message = "UPDATE_OPS are never run, and other batch norms update their averages on the spot"
        raise ctx.refuse("batch-norm-updates", call, module, message)
    return next(iter(found))


def norms(ctx: Context) -> Iterator[tuple[ast.Call, Iterator[str]]]:
    """The calls of batch norms, and when each may update its averages."""
    for call, callees in ctx.facts.callees.items():
        for option in (o for callee in callees for o in options(callee)):
            called = partials.base(option)
            if isinstance(called, Symbol) and called.name.endswith(NORMS):
                yield call, kinds_of(given(ctx, call, option, called))


def given(ctx: Context, call: ast.Call, callee: Value, called: Symbol) -> Value | None:
    """The collections that a batch norm is told to keep its updates in; None where it is not told."""
    rule = ctx.rules.find(called.name)
    names = parameters(rule.signature).positional if rule is not None and rule.signature else ()
    for name, node in [*((k.arg, k.value) for k in call.keywords), *zip(names, call.args, strict=False)]:
        if name == COLLECTIONS:
            return ctx.facts.value(node) or Const(getattr(node, "value", None))
    return next((p.kwargs[COLLECTIONS] for p in partials.through(callee) if COLLECTIONS in p.kwargs), None)


def kinds_of(value: Value | None) -> Iterator[str]:
    """When updates that are kept in these collections happen."""
    for option in options(value) if value is not None else ():
        if is_none(option) is True:
            yield HERE
        elif isinstance(option, Symbol) and option.name.endswith("GraphKeys.UPDATE_OPS"):
            yield LATER
        else:
            yield LATER if isinstance(option, Const) and option.value == "update_ops" else ELSEWHERE
    if value is None:
        yield LATER
