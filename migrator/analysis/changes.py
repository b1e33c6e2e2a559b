"""Objects that change in place: what the slices, which go by names, could not see is recorded as a refusal."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.soundness import active
from migrator.analysis.values import (
    Choice,
    Const,
    Instance,
    Mapping,
    Partial,
    Result,
    Scope,
    Sequence,
    Stage,
    Symbol,
    Value,
    same,
    stage_of,
)

if TYPE_CHECKING:
    from migrator.analysis.evaluate import Evaluator
    from migrator.analysis.facts import Frame

MUTATORS = frozenset(
    [
        "append",
        "extend",
        "insert",
        "update",
        "add",
        "pop",
        "remove",
        "clear",
        "setdefault",
        "sort",
        "reverse",
        "discard",
        "popitem",
        "add_hparam",
        "set_hparam",
    ]
)
INPUTS = frozenset({"features", "labels"})
DEPTH = 4  # containers in containers that are looked into


def changed(ev: Evaluator, node: ast.AST, value: Value, stored: Iterable[Value], scope: Scope) -> None:
    """An object is changed: refused when the caller, or another name, holds it too.

    Tensors kept on `self` are followed.
    """
    if ev.module_level or not ev.mode or isinstance(value, (Const, Symbol, Instance, Result)) or ev.frame is None:
        return
    function = ev.frame.function
    this = function.bound if function is not None else None
    if this is not None and reaches([this], value):
        if being_made(ev, this, value) or any(stage_of(v) is Stage.CALL for v in stored):
            return
    static = stage_of(value) is Stage.STATIC and all(stage_of(v) is Stage.STATIC for v in stored)
    if isinstance(node, ast.Call) and ev.frame.scope is not None:
        note_changes(ev, [(node, name) for name in holders(ev.frame.scope, value)], static)
    if active("argument-change") and reaches(given(ev.frame), value) and not passed_on(ev, value, static):
        message = "an object that came as an argument is changed in place, and others may hold it"
        ev.refuse("argument-change", node, message, scope.module, supposed=True)
    elif active("aliasing") and len(holders(scope, value)) > 1:
        first, second = holders(scope, value)[:2]
        message = f"an object is changed that both `{first}` and `{second}` stand for"
        ev.refuse("aliasing", node, message, scope.module, supposed=True)
    elif active("outer-write") and value not in scope.names.values() and held_outside(scope, value):
        ev.refuse("outer-write", node, "an object of an enclosing scope is changed", scope.module, supposed=True)


def being_made(ev: Evaluator, this: Value, value: Value) -> bool:
    """True while the constructor of an object runs, itself or a method it calls, for what came with no argument."""
    frame = ev.frame
    while frame is not None:
        function = frame.function
        if function is not None and function.bound is this and getattr(function.node, "name", "") == "__init__":
            return not reaches((v for v in given(frame) if v is not this), value)
        frame = frame.parent
    return False


def passed_on(ev: Evaluator, value: Value, static: bool) -> bool:
    """True when it can be followed whose object an activation changes: that of one name in each of its callers.

    In the end a caller made it, or it is the features or labels of the model_fn, which TensorFlow 1 made for this call.
    """
    changed: list[tuple[ast.Call, str]] = []
    below: ast.Call | None = None
    frame = ev.frame
    while frame is not None and frame.scope is not None:
        names = holders(frame.scope, value)
        if frame.function is not None and reaches(frame.function.defaults.values(), value):
            return False
        if not names and below is not None and not reaches(given(frame), value):
            return not held_outside(frame.scope, value) and note_changes(ev, changed, static)
        if len(names) != 1 or frame.scope.names[names[0]] is not value:
            return False
        if below is not None:
            changed.append((below, names[0]))
        if not reaches(given(frame), value):
            if held_outside(frame.scope, value):
                return False
            break
        if frame.parent is None:
            if names[0] not in INPUTS or frame.arguments.get(names[0]) is not value:
                return False
            ev.facts.inputs_changed.add(names[0])
            break
        below, frame = frame.call, frame.parent
        if below is None:
            return False
    return note_changes(ev, changed, static)


def note_changes(ev: Evaluator, changed: list[tuple[ast.Call, str]], static: bool) -> bool:
    """Record the names whose objects calls change: True, for its caller to return."""
    for call, name in changed:
        ev.facts.changes.setdefault(call, set()).add(name)
        if static:
            ev.facts.static_changes.add(call)
    return True


def given(frame: Frame) -> list[Value]:
    """What an activation was given; the containers of `*args` and `**kwargs` are new in each."""
    node = frame.function.node if frame.function is not None else None
    fresh = {p.arg for p in (node.args.vararg, node.args.kwarg) if p is not None} if node is not None else set()
    found = [v for name, v in frame.arguments.items() if name not in fresh]
    for name in fresh & frame.arguments.keys():
        found += inside(frame.arguments[name])
    return found


def attribute_set(
    ev: Evaluator, node: ast.AST, instance: Instance, name: str | None, value: Value, scope: Scope
) -> None:
    """An attribute gets a value: refused when it had one that construction may have read already.

    `name` is None when it is computed. A constructor makes its object; tensors kept on an object are followed.
    """
    if ev.module_level or not ev.mode or ev.frame is None or not active("object-state"):
        return
    function = ev.frame.function
    if function is not None and function.bound is instance and being_made(ev, instance, instance):
        return
    old = instance.attrs.get(name) if name is not None else None
    if old is not None and same(old, value):
        return
    constant = isinstance(old, Const) and old.value is None
    known_here = not reaches(given(ev.frame), instance) and len(holders(scope, instance)) == 1
    if name is not None and known_here:
        return
    if name is None or (old is not None and not constant and stage_of(value) is Stage.STATIC):
        message = "an attribute is changed after its object was made"
        ev.refuse("object-state", node, message, scope.module, supposed=True)


def written_outside(ev: Evaluator, name: str, scope: Scope) -> None:
    """A global or nonlocal name is bound while a graph is built."""
    if ev.mode and not ev.module_level and ev.frame is not None:
        where = ev.frame.call or ev.frame.module.tree
        message = f"`{name}` of an enclosing scope is written while building"
        ev.refuse("outer-write", where, message, scope.module, supposed=True)


def holders(scope: Scope, value: Value) -> list[str]:
    """The names of a scope from which an object can be reached."""
    return [name for name, held in scope.names.items() if reaches([held], value)]


def held_outside(scope: Scope, value: Value) -> bool:
    """True when a name of an enclosing scope reaches the object."""
    outer = scope.parent
    while outer is not None:
        if reaches(outer.names.values(), value):
            return True
        outer = outer.parent
    return False


def reaches(values: Iterable[Value], wanted: Value, depth: int = DEPTH) -> bool:
    """True when an object is one of the values, or inside one."""
    for value in values:
        if value is wanted:
            return True
        if depth and reaches(inside(value), wanted, depth - 1):
            return True
    return False


def inside(value: Value) -> Iterable[Value]:
    """The values that a container holds."""
    match value:
        case Sequence():
            return value.items
        case Mapping():
            return value.items.values()
        case Instance():
            return value.attrs.values()
        case Choice():
            return value.options
        case Partial():
            return (*value.args, *value.kwargs.values())
    return ()
