"""The rulebook for people: one line per rule, or everything about one."""

from __future__ import annotations

import difflib
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
        lines.append(f"  {rule.id:{width}}  {rule.level:7}  {_short(rule.legacy)} -> {becomes(rule)}")
    return "\n".join(lines) + "\n"


def explain_rule(wanted: str) -> str | None:
    """All that one rule says, by its id or by a legacy name (`tf.layers.dense`); None when there is no such rule."""
    from migrator.report.explain import explain

    rule = _rules().get(wanted) or rulebook.load().find(_canonical(wanted))
    if rule is None:
        of_the_run = explain(wanted)
        return f"{wanted}: a finding of the run itself\n\nnote\n  {of_the_run}\n" if of_the_run else None
    lines = [f"{rule.id}: {described(rule)}, level {rule.level} ({rule.family})", ""]
    lines += ["replaces", *(f"  {name}" for name in rule.legacy), "by", f"  {becomes(rule)}"]
    if rule.args:
        lines += ["arguments", *(f"  {item.name} = {_argument(item)}" for item in rule.args)]
    if rule.drop:
        lines += ["without effect on numbers, dropped", f"  {', '.join(rule.drop)}"]
    if rule.refuse:
        lines += ["refused when given", *(f"  {name}: {reason}" for name, reason in rule.refuse.items())]
    if rule.idiomatic:
        lines += ["with --semantics idiomatic", f"  {rule.idiomatic}"]
    if rule.note:
        lines += ["note", f"  {inspect.cleandoc(rule.note)}"]
    if rule.reference:
        lines += ["reference", f"  {rule.reference}"]
    return "\n".join(lines) + "\n"


def similar(wanted: str) -> list[str]:
    """Ids and legacy names close to one that is not known."""
    name = _canonical(wanted)
    names = [*_rules(), *rulebook.load().names()]
    return difflib.get_close_matches(wanted, names, 3) or difflib.get_close_matches(name, names, 3)


def described(rule: Rule) -> str:
    """The kind of a rule in words."""
    return rule.kind.replace("_", " ")


def becomes(rule: Rule) -> str:
    """What a rule puts in the place of the legacy name."""
    if rule.kind == "refuse":
        return "refused, with the reason"
    if rule.kind == "drop":
        return "nothing (removed, with a finding)"
    return rule.target or rule.template or rule.elementwise or "code written from its parts"


def _argument(item: ArgumentRule) -> str:
    source = item.source or item.default or ""
    converted = f", by {item.converter}" if item.converter else ""
    default = f", {item.default} when omitted" if item.source and item.default else ""
    return f"{source}{converted}{default}"


def _rules() -> dict[str, Rule]:
    book = rulebook.load()
    found = (book.find(name) for name in book.names())
    return {rule.id: rule for rule in found if rule is not None}


def _canonical(name: str) -> str:
    for prefix in ("tf.compat.v1.", "tensorflow.compat.v1.", "tf."):
        if name.startswith(prefix):
            return "tensorflow." + name[len(prefix) :]
    return name


def _short(names: Iterable[str]) -> str:
    first, *others = names
    return first + (f" and {len(others)} more" if others else "")
