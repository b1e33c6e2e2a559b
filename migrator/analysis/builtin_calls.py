"""Python's builtins and the methods of lists, dicts and strings, as far as programs use them to build graphs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import changes, instance_tests, lookup, operations, trips
from migrator.analysis.operations import element, huge
from migrator.analysis.values import (
    NONE,
    ClassRef,
    Const,
    Function,
    Instance,
    Mapping,
    Opaque,
    Result,
    Sequence,
    Stage,
    Value,
    constant_text,
    depends_on_mode,
    join,
    join_all,
    stage_of,
    unknown,
    within,
)

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.analysis.sites import Site

PURE = {f.__name__: f for f in (abs, bool, float, int, len, max, min, pow, range, repr, round, sorted, str, sum, tuple)}

RAISED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # what pure functions raise


def call(ev: Evaluation, site: Site, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The value of a builtin call."""

    first = args[0] if args else None
    known = items_of(first) if first is not None else None
    match name:
        case "list" | "tuple":
            kind = list if name == "list" else tuple
            if first is None:
                return Sequence([], kind)
            if known is not None:
                return Sequence(list(known), kind)
            return unknown(first) if not isinstance(first, Sequence) else Sequence(list(first.items), kind, True)
        case "dict":
            if first is None or isinstance(first, Mapping):
                base = first.items if isinstance(first, Mapping) else {}
                held = first if isinstance(first, Mapping) else Mapping({})
                return Mapping({**base, **kwargs}, held.open, held.rest)
            return unknown(*args, *kwargs.values())
        case "enumerate" if known is not None:
            return Sequence([Sequence([Const(i), v], tuple) for i, v in enumerate(known)], list)
        case "enumerate" if first is not None:
            return Sequence([Sequence([Opaque(Stage.STATIC), element(first)], tuple)], list, True)
        case "zip":
            return zipped(args, site)
        case "reversed" if known is not None:
            return Sequence(list(reversed(known)), list)
        case "map" if len(args) == 2 and args[1] is not None:
            items = items_of(args[1])
            if items is not None:
                return Sequence([ev.call_value(site, args[0], [i], {}) for i in items], list)
            return Sequence([ev.call_value(site, args[0], [element(args[1])], {})], list, True)
        case "str" if first is not None and trips.of(first):
            return trips.marked(unknown(first), trips.of(first))
        case "len" if isinstance(first, (Sequence, Mapping)) and not first.open:
            return Const(len(first.items))
        case "isinstance" | "callable" | "hasattr":
            return instance_tests.answer(name, args)
        case "getattr" if len(args) >= 2:
            if isinstance(args[1], Const) and isinstance(args[1].value, str):
                found = lookup.attribute(ev, args[0], args[1].value, None)
                return join(found, args[2]) if len(args) > 2 and isinstance(found, Opaque) else found
            return unknown(args[0], why="getattr with a computed name")
        case "setattr" if len(args) == 3 and isinstance(args[0], Instance):
            changes.attribute_set(ev, site.node, args[0], constant_text(args[1]), args[2], site.scope)
            if isinstance(args[1], Const) and isinstance(args[1].value, str):
                args[0].attrs[args[1].value] = args[2]
            else:
                args[0].attrs.clear()
                args[0].open = True
            return NONE
        case "super":
            return super_of(ev)
        case "print":
            return NONE
        case "type" if isinstance(first, Instance):
            return first.cls
        case "exec" | "eval" | "locals" | "globals" | "vars":
            ev.refuse("dynamic-code", site.node, f"`{name}` hides what runs", site.scope.module)
            return Opaque(Stage.CALL, name)
        case "range" if all(isinstance(a, Const) for a in args):
            numbers = [a.value for a in args if isinstance(a, Const)]
            counted = short_range(numbers)
            if counted is not None:
                return Sequence([Const(i) for i in counted], list)
    if name in PURE and not kwargs and all(isinstance(a, Const) for a in args):
        plain = [a.value for a in args if isinstance(a, Const)]
        if name == "pow" and (len(plain) != 2 or huge(ast.Pow(), *plain)):
            return unknown(*args)
        try:
            value = PURE[name](*plain)
        except RAISED:  # as the user's call does when it runs
            return unknown(*args)
        if isinstance(value, (int, float, str, bool, tuple)):
            return Const(value, mode=any(a.mode for a in args))
    if name in ("sorted", "set", "sum", "max", "min", "filter") and isinstance(first, Sequence):
        if name in ("sorted", "set", "filter"):
            return Sequence([join_all(first.items)] if first.items else [], list, True)
        return unknown(*args)
    return unknown(*args, *kwargs.values())


def short_range(numbers: list[object]) -> range | None:
    """The trips of `range(...)`, where they are certain and few enough to be looked at one by one."""
    try:
        found = range(*numbers)  # type: ignore[call-overload]
        return found if len(found) <= 256 else None
    except (TypeError, ValueError, OverflowError):
        return None  # the user's call raises, or it is no loop that ends


def items_of(value: Value | None) -> list[Value] | None:
    """The items of a container that are surely all there are."""
    if isinstance(value, Sequence) and not value.open:
        return value.items
    if isinstance(value, Mapping) and not value.open:
        return [Const(k) for k in value.items]
    return None


def zipped(args: list[Value], site: Site) -> Value:
    """zip(...): item tuples; zip(*pairs) of an unknown number of pairs gives one open sequence per position."""

    every = [items_of(a) for a in args]
    if all(i is not None for i in every) and args:
        rows = zip(*[i for i in every if i is not None], strict=False)
        return Sequence([Sequence(list(row), tuple) for row in rows], list)
    starred = site.node.args and type(site.node.args[0]).__name__ == "Starred" and not site.exact
    if starred and len(args) == 1:
        return Result("builtins.zip*", site.node, {"0": args[0]}, stage_of(args[0]), site.scope.module)
    if any(isinstance(a, Result) for a in args):
        bound: dict[str, Value] = {str(i): a for i, a in enumerate(args)}
        stage = max(stage_of(a) for a in args)
        return Result("builtins.zip", site.node, bound, stage, site.scope.module)
    return Sequence([Sequence([element(a) for a in args], tuple)], list, True)


def super_of(ev: Evaluation) -> Value:
    """super() inside a method: the same object seen as its first project base."""
    frame = ev.frame
    if frame is not None and frame.function is not None and frame.function.owner is not None:
        this = frame.function.bound
        for base in frame.function.owner.bases:
            if isinstance(base, ClassRef) and isinstance(this, Instance):
                return Instance(ClassRef(base.node, base.scope, base.bases, base.members), this.attrs, this.open)
    return Opaque(Stage.STATIC)


def method(ev: Evaluation, base: Value, attr: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of a list, dict or string constant."""

    match base:
        case Mapping():
            return mapping_method(ev, base, attr, args)
        case Sequence():
            match attr:
                case "append" if args:
                    base.items.append(within(base, args[0]))
                    base.open = base.open or bool(ev.weak)
                    return NONE
                case "extend" if args:
                    operations.extend(ev, base, args[0])
                    return NONE
                case "insert" if len(args) == 2:
                    position = args[0].value if isinstance(args[0], Const) else None
                    if isinstance(position, int) and not base.open:
                        base.items.insert(position, within(base, args[1]))
                    else:
                        base.items.append(within(base, args[1]))
                        base.open = True
                    return NONE
                case "pop":
                    value = element(base)
                    base.open = True
                    return value
                case "copy":
                    return Sequence(list(base.items), base.kind, base.open)
            base.open = True
            return unknown(base, *args)
        case Const():
            if all(isinstance(a, Const) for a in (*args, *kwargs.values())) and isinstance(base.value, str):
                plain = [a.value for a in args if isinstance(a, Const)]
                named = {k: v.value for k, v in kwargs.items() if isinstance(v, Const)}
                if attr in ("format", "lower", "upper", "strip", "startswith", "endswith", "join", "replace"):
                    try:
                        value = getattr(base.value, attr)(*plain, **named)
                    except RAISED:  # as the user's call does when it runs
                        return unknown(base, *args)
                    return Const(value, mode=any(depends_on_mode(a) for a in (base, *args)))
            given = Sequence([*args, *kwargs.values()], list)
            if attr == "format" and isinstance(base.value, str):
                return trips.joined(base, given, unknown(base, *args, *kwargs.values()))
    return unknown(base, *args, *kwargs.values())


def mapping_method(ev: Evaluation, base: Mapping, attr: str, args: list[Value]) -> Value:
    """A method of a dict."""

    match attr:
        case "get" | "pop" | "setdefault" if args:
            key, default = args[0], args[1] if len(args) > 1 else NONE
            found = (
                mapping_method(ev, Mapping(base.items, base.open, base.rest), "get", args) if attr != "get" else None
            )
            if found is not None and attr == "pop":
                if isinstance(key, Const):
                    base.items.pop(key.value, None)
                base.open = base.open or bool(ev.weak) or not isinstance(key, Const)
                return found
            if found is not None:
                if isinstance(key, Const):
                    base.items.setdefault(key.value, within(base, found))
                base.open = base.open or bool(ev.weak) or not isinstance(key, Const)
                return found
            if isinstance(key, Const) and key.value in base.items:
                return base.items[key.value]
            if isinstance(key, Const) and not base.open:
                return default
            if base.items and not base.open and all(isinstance(v, (Function, ClassRef)) for v in base.items.values()):
                return join_all([*base.items.values(), default])  # a table of functions or classes by name
            return join(unknown(*base.held, key), default)
        case "items":
            rows: list[Value] = [Sequence([Const(k), v], tuple) for k, v in base.items.items()]
            rows += [Sequence([unknown(), base.rest], tuple)] if base.rest is not None else []
            return Sequence(rows, list, base.open)
        case "keys":
            keys: list[Value] = [Const(k) for k in base.items]
            return Sequence(keys + ([unknown()] if base.rest is not None else []), list, base.open)
        case "values":
            return Sequence(base.held, list, base.open)
        case "copy":
            return Mapping(dict(base.items), base.open, base.rest)
        case "update" if args:
            if isinstance(args[0], Mapping):
                base.items.update({k: within(base, v) for k, v in args[0].items.items()})
                base.open = base.open or args[0].open
            else:
                base.open = True
            return NONE
    base.open = True
    return unknown(*base.items.values(), element(base))
