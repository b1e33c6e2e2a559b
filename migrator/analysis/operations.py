"""What operators, comparisons and containers give, as far as their operands are known."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator.analysis import trips
from migrator.analysis.signatures import FUNCTIONS_BY_NAME
from migrator.analysis.soundness import active
from migrator.analysis.values import (
    Choice,
    ClassRef,
    Const,
    Function,
    Mapping,
    Opaque,
    Result,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    is_none,
    join,
    join_all,
    same,
    stage_of,
    unknown,
    within,
)

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def merge(a: dict[str, Value], b: dict[str, Value]) -> dict[str, Value]:
    """Names after either of two paths."""
    merged = dict(a)
    for name, value in b.items():
        merged[name] = join(a[name], value) if name in a else value
    return merged


def one_callee(a: Value, b: Value) -> bool:
    """True for two values of one function, class or library name: they are made anew each time they are looked up."""
    return isinstance(a, (Function, ClassRef, Symbol)) and same(a, b)


def element(iterable: Value) -> Value:
    """What one item of an iterable may be."""
    match iterable:
        case Sequence():
            return join_all(iterable.items) if iterable.items else Opaque(Stage.STATIC)
        case Mapping():
            keys: list[Value] = [Const(k) for k in iterable.items]
            return join_all([*keys, *([Opaque(Stage.STATIC)] if iterable.open or not keys else [])])
        case Result():
            return part_of(iterable, "*")
        case Choice():
            return join_all([element(option) for option in iterable.options])
    return unknown(iterable)


def unpack(value: Value, count: int) -> list[Value]:
    """The items of a value assigned to `count` targets."""
    if isinstance(value, Sequence) and not value.open and len(value.items) == count:
        return value.items
    if isinstance(value, Result):
        return [part_of(value, index) for index in range(count)]
    if isinstance(value, Sequence) and value.items:
        return [join_all(value.items)] * count
    return [unknown(value)] * count


def part_of(value: Result, key: Any) -> Result:
    """A subscript or attribute of a call's result, still known to come from that call."""
    return Result(value.symbol, value.call, value.bound, value.stage, value.module, (*value.part, key), mode=value.mode)


def binary(op: ast.operator, left: Value, right: Value) -> Value:
    """A binary operation: computed when both are constants, else unknown of the later stage."""
    mode = depends_on_mode(left) or depends_on_mode(right)
    if isinstance(left, Const) and isinstance(right, Const) and type(op) in OPERATORS:
        if isinstance(left.value, (int, float, str, tuple)) and not huge(op, left.value, right.value):
            try:
                return Const(OPERATORS[type(op)](left.value, right.value), mode=mode)
            except (TypeError, ValueError, ArithmeticError):
                return unknown(left, right)
    text = isinstance(op, ast.Mod) and isinstance(left, Const) and isinstance(left.value, str)
    if (text or isinstance(op, (ast.Add, ast.Sub))) and trips.of(left) | trips.of(right):
        return trips.joined(left, right, unknown(left, right))
    if isinstance(op, ast.Mod) and isinstance(left, Const) and isinstance(right, Sequence):
        if all(isinstance(i, Const) for i in right.items) and not right.open:
            try:
                return Const(left.value % tuple(i.value for i in right.items if isinstance(i, Const)), mode=mode)
            except (TypeError, ValueError):
                return unknown(left, right)
    if isinstance(op, ast.Add) and isinstance(left, Sequence) and isinstance(right, Sequence):
        return Sequence([*left.items, *right.items], left.kind, left.open or right.open)
    return unknown(left, right)


def huge(op: ast.operator, left: Any, right: Any) -> bool:
    """True for operations whose result could be too large to compute here."""
    if isinstance(op, ast.Pow):
        return not (isinstance(right, (int, float)) and abs(right) < 64)
    return isinstance(op, ast.Mult) and not (isinstance(left, (int, float)) and isinstance(right, (int, float)))


def compare_pair(op: ast.cmpop, left: Value, right: Value) -> bool | None:
    """One comparison, when certain."""
    if isinstance(op, (ast.Is, ast.IsNot)):
        if isinstance(right, Const) and right.value is None:
            holds = is_none(left)
        elif isinstance(left, Const) and isinstance(right, Const):
            holds = left.value == right.value and type(left.value) is type(right.value)
        else:
            return None
        return holds if holds is None or isinstance(op, ast.Is) else not holds
    if isinstance(op, (ast.In, ast.NotIn)):
        inside = contains(right, left)
        return inside if inside is None or isinstance(op, ast.In) else not inside
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return bool(COMPARISONS[type(op)](left.value, right.value))
        except TypeError:
            return None
    return None


def contains(container: Value, item: Value) -> bool | None:
    """Whether a constant is in a container, when certain."""
    if not isinstance(item, Const) or not hashable(item.value):
        return None
    if isinstance(container, Mapping):
        return True if item.value in container.items else None if container.open else False
    if isinstance(container, Sequence):
        found = [compare_pair(ast.Eq(), item, option) for option in container.items]
        if True in found:
            return True
        return None if None in found or container.open else False
    if isinstance(container, Const) and isinstance(container.value, str) and isinstance(item.value, str):
        return item.value in container.value
    return None


def with_mode(value: Value) -> Value:
    """The same value, marked as dependent on the mode."""
    if isinstance(value, Const):
        return Const(value.value, mode=True)
    return Opaque(stage_of(value), mode=True)


def hashable(value: object) -> bool:
    """True for constants that can be dict keys."""
    return isinstance(value, (str, int, float, bool, tuple, bytes, type(None)))


def as_key(key: Value) -> Value:
    """A tuple of constants as the constant that it is; any other value as it is."""
    if isinstance(key, Sequence) and key.kind is tuple and not key.open:
        parts = [part for part in key.items if isinstance(part, Const) and hashable(part.value)]
        if len(parts) == len(key.items):
            return Const(tuple(part.value for part in parts), mode=key.mode or any(part.mode for part in parts))
    return key


def item(ev: Evaluation, base: Value, key: Value) -> Value:
    """The value of `base[key]`."""
    key = as_key(key) if isinstance(base, Mapping) else key
    match base:
        case Mapping():
            if isinstance(key, Const) and key.value in base.items:
                return base.items[key.value]
            if base.held and not isinstance(key, Const):
                return join_all(base.held)
            return unknown(*base.held, key)
        case Sequence():
            if isinstance(key, Const) and isinstance(key.value, int) and not base.open:
                if -len(base.items) <= key.value < len(base.items):
                    return base.items[key.value]
            if isinstance(key, Const):
                return join_all(base.items) if base.items else Opaque(Stage.STATIC)
            return join(join_all(base.items), unknown(key)) if base.items else unknown(key)
        case Result():
            if isinstance(key, Const):
                return Result(
                    base.symbol, base.call, base.bound, base.stage, base.module, (*base.part, key.value), mode=base.mode
                )
            return unknown(base, key)
        case Const():
            if isinstance(key, Const) and isinstance(base.value, (str, tuple)):
                try:
                    return Const(base.value[key.value], mode=base.mode or key.mode)
                except (IndexError, TypeError):
                    return unknown(base, key)
        case Symbol(name=name) if isinstance(key, Const) and (name, key.value) in FUNCTIONS_BY_NAME:
            return Symbol(FUNCTIONS_BY_NAME[name, key.value])
        case Choice():
            return join_all([item(ev, option, key) for option in base.options])
    return unknown(base, key)


def store_item(ev: Evaluation, base: Value, key: Value, value: Value) -> None:
    """`base[key] = value` on a container of the program."""
    key = as_key(key) if isinstance(base, Mapping) else key
    value = within(base, value)
    match base:
        case Mapping():
            if isinstance(key, Const):
                old = base.items.get(key.value)
                weakly = ev.weak and old is not None
                base.items[key.value] = join(old, value) if weakly and old is not None else value
                base.open = base.open or bool(ev.weak and old is None)
            elif active("unknown-key"):
                for name, old in base.items.items():
                    base.items[name] = join(old, value)
                base.open = True
        case Sequence():
            if (
                isinstance(key, Const)
                and isinstance(key.value, int)
                and -len(base.items) <= key.value < len(base.items)
            ):
                old = base.items[key.value]
                base.items[key.value] = join(old, value) if ev.weak else value
            else:
                base.items[:] = [join(old, value) for old in base.items]


def extend(ev: Evaluation, base: Sequence, more: Value) -> None:
    """`base += more` or base.extend(more)."""
    if isinstance(more, Sequence):
        base.items.extend([within(base, value) for value in more.items])
        base.open = base.open or more.open or bool(ev.weak)
    else:
        base.items.append(unknown(more))
        base.open = True
