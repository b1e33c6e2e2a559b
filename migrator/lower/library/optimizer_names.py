"""An optimizer by its name: `get_optimizer_instance` of the canned estimators, and the names that more take."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Member, Opaque, Result, Stage, Symbol, Value, options, stage_of
from migrator.lower.library.rule_arguments import bound_or_refuse

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module

BY_NAME = "optimizer-by-name"
NAMED = {  # the texts that name an optimizer everywhere
    "Adagrad": "tensorflow.train.AdagradOptimizer",
    "Adam": "tensorflow.train.AdamOptimizer",
    "Ftrl": "tensorflow.train.FtrlOptimizer",
    "RMSProp": "tensorflow.train.RMSPropOptimizer",
    "SGD": "tensorflow.train.GradientDescentOptimizer",
}


def constructed(ctx: Context, chosen: ast.expr, symbol: Symbol, rate: ast.expr) -> ast.Call:
    """The construction of an optimizer that was named by an expression."""
    made = ast.copy_location(ast.Call(chosen, [rate], []), chosen)
    ctx.facts.callees[made] = [symbol]
    return made


def instance(ctx: Context, module: Module, rule: Rule, call: ast.Call) -> ast.expr | None:
    """What `get_optimizer_instance` returns, written out; None where a text names it that only a run knows."""
    bound = bound_or_refuse(ctx, module, rule, call)
    chosen, rate = bound["opt"], bound.get("learning_rate")
    found = list(options(ctx.facts.value(chosen) or Opaque(Stage.CALL)))
    if all(is_optimizer(ctx, o) for o in found):
        return chosen  # the rate was only read with a name
    if rate is None:
        raise ctx.refuse(rule.id, call, module, "an optimizer by name has no learning rate")
    texts = {o.value for o in found if isinstance(o, Const)}
    unknown = [o for o in found if not isinstance(o, Const)]
    if texts - NAMED.keys() or not all(may_be_name(o) for o in unknown):
        raise ctx.refuse(rule.id, call, module, f"which optimizer `{ast.unparse(chosen)}` is, is not known")
    if len(texts) == 1 and not unknown:
        return constructed(ctx, chosen, Symbol(NAMED[str(texts.pop())]), rate)
    if unknown:
        note_unknown(ctx, module, rule.id, chosen)
    return None


def is_optimizer(ctx: Context, value: Value) -> bool:
    """True for an optimizer of the library that is made already."""
    rule = ctx.rules.find(value.symbol) if isinstance(value, Result) and not value.part else None
    return rule is not None and rule.kind == "optimizer"


def may_be_name(value: Value) -> bool:
    """True for what is known before data arrives, and may be a text."""
    return isinstance(value, (Opaque, Member)) and stage_of(value) is Stage.STATIC


def note_unknown(ctx: Context, module: Module, rule: str, chosen: ast.expr) -> None:
    """Say that an optimizer is looked up by its name at run time."""
    message = "which optimizer it is, is only known at run time: the migrated program knows the names alone"
    ctx.note(rule, "warning", module, chosen, message)
    ctx.lower_level("review")
