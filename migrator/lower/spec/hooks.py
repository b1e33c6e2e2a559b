"""Hooks that only report: they leave no code. Every other hook runs session code, and refuses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, Sequence, Value, is_none, options

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module


def passive_rule(ctx: Context, value: Value | None) -> Rule | None:
    """The rule of a hook that only reports, such as LoggingTensorHook; None for any other value."""
    if not isinstance(value, Result) or value.part:
        return None
    rule = ctx.rules.find(value.symbol)
    return rule if rule is not None and rule.kind == "drop" and "hook" in rule.effects else None


def all_passive(ctx: Context, module: Module, node: ast.expr) -> bool:
    """True when every hook of an argument only reports; each is named in a finding."""
    value = ctx.facts.value(node)
    found = hooks_in(value) if value is not None else None
    if found is None:
        return False
    rules = [passive_rule(ctx, hook) for hook in found]
    if not all(rules):
        return False
    for hook, rule in zip(found, rules, strict=True):
        if isinstance(hook, Result) and rule is not None:
            ctx.note(rule.id, "info", hook.module, hook.call, f"`{hook.symbol}` is dropped: {rule.note}")
    return True


def hooks_in(value: Value) -> list[Value] | None:
    """The hooks that a list of them may hold; None when it cannot be followed."""
    found: list[Value] = []
    for option in options(value):
        if isinstance(option, Sequence):
            for item in option.items:
                found += options(item)
        elif is_none(option) is not True:
            return None
    return found
