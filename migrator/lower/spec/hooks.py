"""Hooks that only report: they leave no code. Every other hook runs session code, and refuses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Instance, Result, Sequence, Value, is_none, options
from migrator.lower.spec import watching

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


def only_reports(ctx: Context, value: Value | None) -> bool:
    """True for a hook of the library, or of a class of the program's own, without which the training is the same."""
    return value is not None and (passive_rule(ctx, value) is not None or watching.only_watches(ctx, value))


def all_passive(ctx: Context, module: Module, node: ast.expr) -> bool:
    """True when every hook of an argument only reports; each is named in a finding."""
    value = ctx.facts.value(node)
    found = hooks_in(value) if value is not None else None
    if found is None or not all(only_reports(ctx, hook) for hook in found):
        return False
    classes = [hook.cls for hook in found if isinstance(hook, Instance)]
    if any(cls.scope.module.path == module.path for cls in classes):
        return False  # the class would stay, with a base that is gone
    ctx.shared.watching |= {cls.scope.module.path for cls in classes}
    for hook in found:
        rule = passive_rule(ctx, hook)
        if isinstance(hook, Result) and rule is not None:
            ctx.note(rule.id, "info", hook.module, hook.call, f"`{hook.symbol}` is dropped: {rule.note}")
        elif isinstance(hook, Instance):
            name, own = hook.cls.node.name, hook.cls.scope.module
            message = f"the hook `{name}` is dropped: it only watches, and what it reported is not reported any more"
            ctx.note("watching-hook", "warning", own, hook.cls.node, message)
            ctx.lower_level("review")
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
