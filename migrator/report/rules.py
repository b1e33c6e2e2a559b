"""The rulebook for people: one line per rule, or everything about one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from migrator import rulebook
from migrator.rulebook import ArgumentRule, Rule


def list_rules() -> str:
    """Every rule: id, level, what it replaces and by what."""
    found = sorted(_rules().values(), key=lambda rule: (rule.family, rule.id))
    width = max((len(rule.id) for rule in found), default=0)
    lines = []
    family = None
    for rule in found:
        if rule.family != family:
            family = rule.family
            lines.append(f"{family}:")
        lines.append(f"  {rule.id:{width}}  {rule.level:7}  {_short(rule.legacy)} -> {_becomes(rule)}")
    return "\n".join(lines) + "\n"


def explain_rule(rule_id: str) -> str | None:
    """All that one rule says; None when there is no such rule."""
    rule = _rules().get(rule_id)
    if rule is None:
        return None
    lines = [f"{rule.id}: {rule.kind}, level {rule.level} ({rule.family})", ""]
    lines += ["replaces", *(f"  {name}" for name in rule.legacy), "by", f"  {_becomes(rule)}"]
    if rule.args:
        lines += ["arguments", *(f"  {_argument(argument)}" for argument in rule.args)]
    if rule.drop:
        lines += ["without effect on numbers, dropped", f"  {', '.join(rule.drop)}"]
    if rule.refuse:
        lines += ["refused when given", *(f"  {name}: {reason}" for name, reason in rule.refuse.items())]
    if rule.note:
        lines += ["note", f"  {inspect.cleandoc(rule.note)}"]
    if rule.reference:
        lines += ["reference", f"  {rule.reference}"]
    return "\n".join(lines) + "\n"


def _rules() -> dict[str, Rule]:
    book = rulebook.load()
    found = (book.find(name) for name in book.names())
    return {rule.id: rule for rule in found if rule is not None}


def _becomes(rule: Rule) -> str:
    if rule.kind == "refuse":
        return "refused, with the reason"
    if rule.kind == "drop":
        return "nothing (removed, with a finding)"
    return rule.target or rule.template or rule.elementwise or "code written from its parts"


def _argument(argument: ArgumentRule) -> str:
    source = argument.source or argument.default or ""
    converted = f", by {argument.converter}" if argument.converter else ""
    default = f", {argument.default} when omitted" if argument.source and argument.default else ""
    return f"{argument.name} = {source}{converted}{default}"


def _short(names: Iterable[str]) -> str:
    first, *others = names
    return first + (f" and {len(others)} more" if others else "")
