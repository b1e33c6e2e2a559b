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
    Member,
    Opaque,
    Partial,
    Result,
    Scope,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    same,
    stage_of,
    unknown,
)

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
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
PARAMS = "params"  # of a model_fn: an Estimator gives it a copy of its own
DEPTH = 4  # containers in containers that are looked into


def changed(ev: Evaluation, node: ast.AST, value: Value, stored: Iterable[Value], scope: Scope) -> None:
    """An object is changed: refused when the caller, or another name, holds it too.

    Tensors kept on `self` are followed.
    """
    if ev.module_level or not ev.mode or isinstance(value, (Const, Symbol, Instance, Result)) or ev.frame is None:
        return
    function = ev.frame.function
    this = function.bound if function is not None else None
    stored = list(stored)
    if this is not None and reaches([this], value):
        if being_made(ev, this, value) or any(stage_of(v) is Stage.CALL for v in stored):
            return
    static = stage_of(value) is Stage.STATIC and all(stage_of(v) is Stage.STATIC for v in stored)
    if isinstance(node, ast.Call) and ev.frame.scope is not None:
        note_changes(ev, [(node, name) for name in holders(ev.frame.scope, value)], static)
    if isinstance(value, Opaque) and value.stage is Stage.STATIC and not static:
        ev.facts.kept_unknown.add(node)
    settled = static and not any(depends_on_mode(v) for v in stored) and (ev.by_mode is None or not ev.by_mode.parent)
    if active("argument-change") and reaches(given(ev.frame), value) and not passed_on(ev, value, static, settled):
        message = "an object that came as an argument is changed in place, and others may hold it"
        ev.refuse("argument-change", node, message, scope.module, supposed=True)
    elif active("aliasing") and len(holders(scope, value)) > 1:
        first, second = holders(scope, value)[:2]
        message = f"an object is changed that both `{first}` and `{second}` stand for"
        ev.refuse("aliasing", node, message, scope.module, supposed=True)
    elif active("outer-write") and value not in scope.names.values() and held_outside(scope, value):
        ev.refuse("outer-write", node, "an object of an enclosing scope is changed", scope.module, supposed=True)


def being_made(ev: Evaluation, this: Value, value: Value) -> bool:
    """True while the constructor of an object runs, itself or a method it calls, for what came with no argument."""
    frame = ev.frame
    while frame is not None:
        function = frame.function
        if function is not None and function.bound is this and getattr(function.node, "name", "") == "__init__":
            return not reaches((v for v in given(frame) if v is not this), value)
        frame = frame.parent
    return False


def passed_on(ev: Evaluation, value: Value, static: bool, settled: bool) -> bool:
    """True when it can be followed whose object an activation changes: that of one name in each of its callers.

    In the end a caller made it, or it is the features or labels of the model_fn, which TensorFlow 1 made for this call.
    So it did with the params; what they hold is read at construction, for all modes: it must be `settled` by then.
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
            wanted = INPUTS | {PARAMS} if settled else INPUTS
            if names[0] not in wanted or frame.arguments.get(names[0]) is not value:
                return False
            ev.facts.inputs_changed.add(names[0])
            break
        below, frame = frame.call, frame.parent
        if below is None:
            return False
    return note_changes(ev, changed, static)


def note_changes(ev: Evaluation, changed: list[tuple[ast.Call, str]], static: bool) -> bool:
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
    ev: Evaluation, node: ast.AST, instance: Instance, name: str | None, value: Value, scope: Scope
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
    if name is not None and (known_here(ev, instance, scope) or made_with(ev, instance, scope)):
        return
    if name is None or (old is not None and not constant and stage_of(value) is Stage.STATIC):
        message = "an attribute is changed after its object was made"
        ev.refuse("object-state", node, message, scope.module, supposed=True)


def known_here(ev: Evaluation, instance: Instance, scope: Scope) -> bool:
    """True for an object that one name of the activation holds, and that came with no argument."""
    return ev.frame is not None and not reaches(given(ev.frame), instance) and len(holders(scope, instance)) == 1


def made_with(ev: Evaluation, instance: Instance, scope: Scope) -> bool:
    """True for an object that one attribute of the object that is being made holds, and nothing else."""
    function = ev.frame.function if ev.frame is not None else None
    this = function.bound if function is not None else None
    if not isinstance(this, Instance) or sum(value is instance for value in this.attrs.values()) != 1:
        return False
    alone = sum(reaches([value], instance) for value in this.attrs.values()) == 1
    return alone and len(holders(scope, instance)) == 1 and being_made(ev, this, instance)


def attributes_set(ev: Evaluation, node: ast.AST, holder: Value, value: Value, scope: Scope) -> None:
    """Something is put into `obj.__dict__`: any attribute may be another one from here on."""
    if not isinstance(holder, Member) or holder.attr != "__dict__" or not isinstance(holder.base, Instance):
        return
    instance = holder.base
    if not known_here(ev, instance, scope):
        attribute_set(ev, node, instance, None, value, scope)
    instance.attrs.update({name: unknown(old, value) for name, old in instance.attrs.items()})
    instance.open = True


def set_by_mode(ev: Evaluation, target: ast.Attribute, holder: Value, value: Value, scope: Scope) -> Value:
    """The value that an object gets where the mode decided it: a constant is marked, and the store noted.

    Only for an object that is made anew for each graph: another would still have the value in the next one.
    """
    if ev.by_mode is None or ev.by_mode is not ev.frame or not isinstance(value, Const):
        return value
    if not isinstance(holder, Instance) or held_outside(scope, holder):
        return value
    if not known_here(ev, holder, scope) and not made_with(ev, holder, scope):
        return value
    ev.facts.set_by_mode[target] = target.attr
    return Const(value.value, mode=True)


def params_set(ev: Evaluation, target: ast.Attribute, holder: Value, value: Value, scope: Scope) -> None:
    """An attribute of what a model_fn was given as its params is set."""
    root = ev.frame
    while root is not None and root.parent is not None:
        root = root.parent
    if root is not None and root.arguments.get(PARAMS) is holder and isinstance(holder, Opaque):
        changed(ev, target, holder, [value], scope)


def written_outside(ev: Evaluation, name: str, scope: Scope) -> None:
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
            return value.held
        case Instance():
            return value.attrs.values()
        case Choice():
            return value.options
        case Partial():
            return (*value.args, *value.kwargs.values())
    return ()
