"""The learning rate as a number that the model reads: its optimizer tells it, once the optimizer's own is meant."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, Value, options
from migrator.lower.library import steps

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context


def text_of(st: Body, node: ast.AST) -> str | None:
    """`self.optimizer.learning_rate` for the schedule that every optimizer of the program follows; None for the rest.

    A Keras optimizer asks its schedule for the step that it has counted, as TF1 asked the restored global step.
    """
    return "self.optimizer.learning_rate" if is_rate(st, node) else None


def is_rate(st: Body, node: ast.AST) -> bool:
    """True for an expression of a model's method that is the schedule of its optimizer."""
    if (
        not st.is_model
        or not isinstance(node, (ast.Name, ast.Call))
        or isinstance(getattr(node, "ctx", None), ast.Store)
    ):
        return False
    read = schedules(st.ctx, st.ctx.facts.value(node))
    return bool(read) and all(given == read for given in followed(st.ctx)) and bool(followed(st.ctx))


def schedules(ctx: Context, value: Value | None) -> frozenset[ast.Call]:
    """The calls that make a schedule of the global step, where a value is nothing but their results."""
    found = options(value) if value is not None else ()
    plain = all(steps.returns_schedule(ctx, o) and steps.follows_the_step(o) for o in found)
    return frozenset(o.call for o in found if isinstance(o, Result)) if plain else frozenset()


def followed(ctx: Context) -> list[frozenset[ast.Call]]:
    """For each optimizer that the program makes while it trains, the schedules that it follows."""
    known: list[frozenset[ast.Call]] | None = ctx.__dict__.get("_followed")
    if known is None:
        known = ctx.__dict__["_followed"] = []
        for node, by_mode in ctx.facts.values.items():
            value = by_mode.get("train")
            rule = ctx.rules.find(value.symbol) if isinstance(value, Result) and value.call is node else None
            if isinstance(value, Result) and rule is not None and rule.kind == "optimizer":
                known.append(schedules(ctx, value.bound.get("learning_rate")))
    return known
