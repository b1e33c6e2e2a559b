"""The lattice: what an expression may evaluate to, and the stage at which that is known."""

from __future__ import annotations

import ast
import dataclasses
import enum
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from migrator.source.module import Module

UNKNOWN_CALLEE, NEVER = "the callee is not known", "it does not return"
CHOICES = 8  # more alternatives than this are "something unknown"


class Stage(enum.IntEnum):
    """When a value is known: at construction, when the input's shape is, or only with the data."""

    STATIC = 0
    SHAPE = 1
    CALL = 2


@dataclasses.dataclass(eq=False)
class Value:
    """Base of all abstract values. `mode` marks what depends on the Estimator mode."""

    mode: bool = dataclasses.field(default=False, kw_only=True)


@dataclasses.dataclass(eq=False)
class Const(Value):
    """A Python constant, or a tuple of them."""

    value: Any


@dataclasses.dataclass(eq=False)
class Opaque(Value):
    """Anything of a known stage; `why` names what made it unknown when that is a reason to refuse."""

    stage: Stage
    why: str = ""
    trips: frozenset[object] = frozenset()  # loops on each trip of which it is another value


@dataclasses.dataclass(eq=False)
class Sequence(Value):
    """A list or tuple. `open`: there may be other or fewer items than these."""

    items: list[Value]
    kind: type
    open: bool = False


@dataclasses.dataclass(eq=False)
class Mapping(Value):
    """A dict with constant keys. `open`: there may be others; `rest`: what those that a display has may stand for."""

    items: dict[Any, Value]
    open: bool = False
    rest: Value | None = None

    @property
    def held(self) -> list[Value]:
        """The values under all keys, as far as they are known."""
        return [*self.items.values(), *([self.rest] if self.rest is not None else [])]


@dataclasses.dataclass(eq=False)
class Scope:
    """The names of one activation, module or class body; closures hold the scope, not a copy of it."""

    module: Module
    names: dict[str, Value]
    parent: Scope | None = None
    outer_names: dict[str, Scope] = dataclasses.field(default_factory=dict)  # global and nonlocal declarations
    rebound: dict[str, Value] = dataclasses.field(default_factory=dict)  # all that a name stood for (`rebinding.py`)


@dataclasses.dataclass(eq=False)
class Function(Value):
    """A def or lambda of the project with the scope it closes over, and `self` when bound."""

    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, Value]
    bound: Value | None = None
    owner: ClassRef | None = None


@dataclasses.dataclass(eq=False)
class ClassRef(Value):
    """A class of the project; `bases` are classes or library symbols."""

    node: ast.ClassDef
    scope: Scope
    bases: tuple[Value, ...]
    members: dict[str, Value]


@dataclasses.dataclass(eq=False)
class Instance(Value):
    """An object of a project class. `open`: it may have attributes not seen here."""

    cls: ClassRef
    attrs: dict[str, Value]
    open: bool = False
    sampled: bool = False  # made by the analysis itself, to look at a method
    made: ast.Call | None = None  # the call that constructed it
    built: bool = False  # its constructor made layers: what it holds is known when the model is called


@dataclasses.dataclass(eq=False)
class ModuleRef(Value):
    """A file of the project, or a folder without __init__.py."""

    path: str
    folder: bool = False


@dataclasses.dataclass(eq=False)
class Symbol(Value):
    """A name of a library, canonical: `tensorflow.layers.dense`. `private`: the source reaches it another way."""

    name: str
    private: bool = False


@dataclasses.dataclass(eq=False)
class Partial(Value):
    """functools.partial of a callable."""

    function: Value
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    call: ast.Call | None = None
    anywhere: bool = False  # its arguments are written so that they mean the same wherever it is called


@dataclasses.dataclass(eq=False)
class Result(Value):
    """What one call of a library function gave: the call, and its arguments by legacy name where a rule binds them."""

    symbol: str
    call: ast.Call
    bound: dict[str, Value]
    stage: Stage
    module: Module
    part: tuple[Any, ...] = ()  # subscripts and attributes taken from the result


@dataclasses.dataclass(eq=False)
class Member(Value):
    """An attribute of a value that may turn out to be a method: `optimizer.minimize`, `labels.shape`."""

    base: Value
    attr: str


@dataclasses.dataclass(eq=False)
class Choice(Value):
    """One of several values, depending on something unknown."""

    options: tuple[Value, ...]


NONE = Const(None)


def stage_of(value: Value) -> Stage:
    """The latest stage of anything in the value."""
    match value:
        case Opaque() | Result():
            return value.stage
        case Sequence():
            return max((stage_of(v) for v in value.items), default=Stage.STATIC)
        case Mapping():
            return max((stage_of(v) for v in value.held), default=Stage.STATIC)
        case Choice():
            return max(stage_of(v) for v in value.options)
        case Instance():
            return Stage.CALL if value.built else Stage.STATIC
        case Member():
            return stage_of(value.base)
        case Partial():
            inner = [value.function, *value.args, *value.kwargs.values()]
            return max(stage_of(v) for v in inner)
    return Stage.STATIC


def depends_on_mode(value: Value) -> bool:
    """True when the value, or an item of it, differs between modes."""
    if value.mode:
        return True
    match value:
        case Sequence():
            return any(depends_on_mode(v) for v in value.items)
        case Mapping():
            return any(depends_on_mode(v) for v in value.held)
        case Choice():
            return any(depends_on_mode(v) for v in value.options)
    return False


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a choice, or the value alone."""
    return value.options if isinstance(value, Choice) else (value,)


def same(a: Value, b: Value) -> bool:
    """True when both surely are one value."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    match a, b:
        case Result(), Result():
            return a.call is b.call and a.part == b.part and a.stage == b.stage and same_arguments(a, b)
        case Const(), Const():
            return type(a.value) is type(b.value) and bool(a.value == b.value)
        case Symbol(), Symbol():
            return a.name == b.name
        case ModuleRef(), ModuleRef():
            return a.path == b.path
        case Function(), Function():
            return a.node is b.node and a.scope is b.scope and a.bound is b.bound
        case ClassRef(), ClassRef():
            return a.node is b.node and a.scope is b.scope
        case Opaque(), Opaque():
            return a.stage == b.stage and a.mode == b.mode and a.why == b.why
        case Member(), Member():
            return a.attr == b.attr and same(a.base, b.base)
    return False


def same_arguments(a: Result, b: Result) -> bool:
    """True when two results of one call had the same arguments."""
    return a.bound.keys() == b.bound.keys() and all(same(v, b.bound[k]) for k, v in a.bound.items())


def join(a: Value, b: Value) -> Value:
    """The least value that covers both."""
    if a is b:
        return a
    mode = a.mode or b.mode
    if same(a, b):
        return a if a.mode == mode else b
    match a, b:
        case Sequence(), Sequence() if a.kind is b.kind:
            if len(a.items) == len(b.items):
                items = [join(x, y) for x, y in zip(a.items, b.items, strict=True)]
                return Sequence(items, a.kind, a.open or b.open, mode=mode)
            return Sequence([join_all([*a.items, *b.items])], a.kind, True, mode=mode) if a.items or b.items else a
        case Result(), Result() if a.call is b.call and a.part == b.part and a.symbol == b.symbol:
            bound = {k: join(v, b.bound[k]) if k in b.bound else v for k, v in a.bound.items()}
            bound |= {k: v for k, v in b.bound.items() if k not in a.bound}
            return Result(a.symbol, a.call, bound, max(a.stage, b.stage), a.module, a.part, mode=mode)
        case Mapping(), Mapping():
            keys = [*a.items, *(k for k in b.items if k not in a.items)]
            merged = {k: join(a.items.get(k, b.items.get(k, NONE)), b.items.get(k, a.items.get(k, NONE))) for k in keys}
            others = [one.rest for one in (a, b) if one.rest is not None]
            rest = join_all(others) if others else None
            return Mapping(merged, a.open or b.open or a.items.keys() != b.items.keys(), rest, mode=mode)
    plain = (Const, Opaque)
    if isinstance(a, plain) and isinstance(b, plain) and not _none(a) and not _none(b):
        why = getattr(a, "why", "") or getattr(b, "why", "")
        return Opaque(max(stage_of(a), stage_of(b)), why, mode=mode)
    found = list(options(a))  # no two of a choice are the same
    for option in options(b):
        if not any(same(option, f) for f in found):
            found.append(option)
    if len(found) > CHOICES:
        # one closure made many times is still one function
        found = [f for i, f in enumerate(found) if not any(_one_function(f, g) for g in found[:i])]
    if len(found) > CHOICES:
        return Opaque(max(stage_of(f) for f in found), "too many alternatives", mode=mode)
    return found[0] if len(found) == 1 else Choice(tuple(found), mode=mode)


def _one_function(a: Value, b: Value) -> bool:
    return isinstance(a, Function) and isinstance(b, Function) and a.node is b.node


def _none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def join_all(values: Iterable[Value]) -> Value:
    """The join of several values; static and unknown when there are none."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join(result, value)
    return Opaque(Stage.STATIC) if result is None else result


def unknown(*inputs: Value, why: str = "") -> Opaque:
    """An unknown value computed from these inputs: of their latest stage and mode."""
    stage = max((stage_of(v) for v in inputs), default=Stage.STATIC)
    return Opaque(stage, why, mode=any(depends_on_mode(v) for v in inputs))


def why_unknown(value: Value) -> str:
    """What made a value unknown, or what it was taken from; "" where nothing has a name."""
    while isinstance(value, Member):
        value = value.base
    found = [o.why for o in options(value) if isinstance(o, Opaque) and o.why not in ("", UNKNOWN_CALLEE, NEVER)]
    return found[0] if found else ""


def within(container: Value, value: Value) -> Value:
    """A value as a container keeps it: one that holds the container itself is only known to be something."""
    waiting: list[Value] = [value]
    seen: set[int] = set()
    for one in waiting:  # which grows meanwhile
        if one is container:
            return unknown(value, why="a container holds itself")
        if id(one) in seen:
            continue
        seen.add(id(one))
        match one:
            case Sequence():
                waiting += one.items
            case Mapping():
                waiting += one.held
            case Choice():
                waiting += one.options
    return value


def truth(value: Value) -> bool | None:
    """The truth value when it is certain, else None."""
    match value:
        case Const():
            return bool(value.value)
        case Sequence() | Mapping() if not value.open:
            return bool(value.items)
        case Function() | ClassRef() | ModuleRef() | Partial():
            return True
        case Symbol():
            return True if is_object(value) else None
        case Choice():
            found = {truth(v) for v in value.options}
            return found.pop() if len(found) == 1 else None
    return None


def is_object(symbol: Symbol) -> bool:
    """True for a library name that surely stands for a function or class; flags and settings may hold anything."""
    return symbol.name.startswith(("tensorflow.", "builtins.", "numpy.")) and ".FLAGS." not in symbol.name


def constant_text(value: Value | None) -> str | None:
    """The text that a value surely is, or None."""
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def is_none(value: Value) -> bool | None:
    """Whether the value is None, when certain."""
    match value:
        case Symbol() if not is_object(value):
            return None
        case Const():
            return value.value is None
        case Opaque() | Member():
            return None
        case Choice():
            found = {is_none(v) for v in value.options}
            return found.pop() if len(found) == 1 else None
    return False
