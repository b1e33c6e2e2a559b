"""Hooks that end a training: by what an evaluation gave, or at a step. They become callbacks, or a number of steps."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.signatures import STOPPING_HOOKS
from migrator.analysis.values import Result, Sequence, Value, options
from migrator.emit.fragments import call_text
from migrator.lower.programs.groups import Render, given
from migrator.lower.spec.hooks import passive_rule

if TYPE_CHECKING:
    from migrator.detect.program import Use
    from migrator.lower.programs.group import Group
    from migrator.lower.reading.context import Context

CLASSES = {"no_increase": "StopIfNoIncrease", "no_decrease": "StopIfNoDecrease"}
CLASSES |= {"higher": "StopIfHigher", "lower": "StopIfLower"}
IGNORED = frozenset({"estimator", "run_every_secs", "run_every_steps"})


def hook_text(group: Group, use: Use, render: Render) -> str:
    """The callback that a `stop_if_..._hook(estimator, metric, ...)` becomes."""
    symbol = use.result.symbol
    kind = symbol.rsplit(".stop_if_", 1)[1].removesuffix("_hook")
    arguments = given(use.call, symbol)
    if "eval_dir" in arguments:
        raise group.ctx.refuse("early-stopping", use.call, use.module, "it follows evaluations of another folder")
    shown = [render(node) for node in use.call.args[1:]]
    shown += [f"{k.arg}={render(k.value)}" for k in use.call.keywords if k.arg not in IGNORED]
    if len(use.call.args) > 3 or any(k.arg is None for k in use.call.keywords):
        raise group.ctx.refuse("early-stopping", use.call, use.module, "its arguments cannot be followed")
    message = (
        "it looks at each evaluation when that ends, no longer by the clock, and at those of this run alone; how often "
        "evaluations happen is `evaluate_every` of train_and_evaluate"
    )
    group.ctx.note("early-stopping", "warning", use.module, use.call, message)
    group.ctx.lower_level("review")
    return group.ctx.use(use.module, call_text(f"support.{CLASSES[kind]}", shown))


def is_stopping(value: Value | None) -> bool:
    """True for a hook that ends a training by what an evaluation gave."""
    found = options(value) if value is not None else ()
    return bool(found) and all(isinstance(o, Result) and o.symbol in STOPPING_HOOKS and not o.part for o in found)


def callbacks(group: Group, node: ast.expr, render: Render, stays: Callable[[Value | None], bool]) -> list[str] | None:
    """The callbacks that a list of hooks becomes; None where a hook neither `stays`, as a callback, nor goes."""
    value = group.ctx.facts.value(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        kept = [item for item in node.elts if not passes(group.ctx, group.ctx.facts.value(item))]
        if all(stays(group.ctx.facts.value(item)) for item in kept):
            return [render(item) for item in kept]
    elif isinstance(value, Sequence) and value.items and all(stays(item) for item in value.items):
        return [f"*{render(node)}"]
    return None


def argument(callbacks: list[str]) -> str:
    """`callbacks=...` of fit."""
    alone = callbacks[0][1:] if len(callbacks) == 1 and callbacks[0].startswith("*") else ""
    return f"callbacks={alone or '[' + ', '.join(callbacks) + ']'}"


def passes(ctx: Context, value: Value | None) -> bool:
    """True for a hook that only reports."""
    return passive_rule(ctx, value) is not None


def last_step(ctx: Context, node: ast.expr) -> tuple[str, ast.expr] | None:
    """(`steps` or `max_steps`, how many) for the one hook of a list that is a StopAtStepHook; None for other hooks."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    kept = [item for item in node.elts if not passes(ctx, ctx.facts.value(item))]
    value = ctx.facts.value(kept[0]) if len(kept) == 1 else None
    made = kept[0] if len(kept) == 1 else None
    if not isinstance(value, Result) or not value.symbol.endswith(".StopAtStepHook") or made is not value.call:
        return None
    arguments = given(value.call, "tensorflow.train.StopAtStepHook")
    names = {"num_steps": "steps", "last_step": "max_steps"}
    return next(((names[name], amount) for name, amount in arguments.items() if name in names), None)
