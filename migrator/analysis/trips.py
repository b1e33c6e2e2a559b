"""The trips of loops, and what differs from one to the next: a loop's counter, and the texts that are made with it."""

from __future__ import annotations

import ast
import dataclasses

from migrator.analysis.values import Choice, Const, Opaque, Sequence, Value, options


@dataclasses.dataclass(eq=False)
class Loop:
    """A loop whose trips are not known, as one activation of a function comes to it."""

    node: ast.AST


def of(value: Value | None) -> frozenset[object]:
    """The loops on each trip of which a value is another one, whatever it is."""
    match value:
        case Opaque():
            return value.trips
        case Sequence() if not value.open:
            return frozenset().union(*(of(item) for item in value.items))
        case Choice():
            return frozenset.intersection(*(of(option) for option in options(value)))
    return frozenset()


def marked(value: Value, loops: frozenset[object]) -> Value:
    """A value that is another one on each trip of these loops."""
    return dataclasses.replace(value, trips=loops) if isinstance(value, Opaque) and loops else value


def counter(callee: str, item: Value, loop: object) -> Value:
    """What a loop over `range(...)` or `enumerate(...)` binds, with its counter marked as such."""
    if callee == "builtins.range":
        return marked(item, frozenset([loop]))
    if callee == "builtins.enumerate" and isinstance(item, Sequence) and item.items and not item.open:
        return Sequence([marked(item.items[0], frozenset([loop])), *item.items[1:]], item.kind, mode=item.mode)
    return item


def joined(left: Value, right: Value, result: Value) -> Value:
    """A sum or a formatted text: it differs where one of its parts does."""
    if not isinstance(result, Opaque) or not all(isinstance(v, (Const, Opaque, Sequence)) for v in (left, right)):
        return result
    return marked(result, of(left) | of(right))
