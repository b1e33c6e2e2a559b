"""Copies of a program's own objects: `copy.copy` and `copy.deepcopy`, as far as what is copied is known."""

from __future__ import annotations

from typing import TypeVar

from migrator.analysis.lookup import class_member
from migrator.analysis.values import (
    ClassRef,
    Const,
    Function,
    Instance,
    Mapping,
    ModuleRef,
    Opaque,
    Sequence,
    Symbol,
    Value,
    unknown,
)

Key = TypeVar("Key")
COPIES = {"copy.copy": False, "copy.deepcopy": True}  # whether what is inside is copied too
HOOKS = ("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")


def copied(value: Value, deep: bool) -> Value:
    """A copy that changes apart from the original; unknown where the program decides itself what a copy is."""
    made = known_copy(value, deep, {})
    return unknown(value) if made is None else made


def known_copy(value: Value, deep: bool, made: dict[int, Value]) -> Value | None:
    """The copy of a value, or None; `made`: the copies so far, because an object may hold itself."""
    if id(value) in made:
        return made[id(value)]
    found: Value
    match value:
        case Instance() if any(class_member(value.cls, hook) is not None for hook in HOOKS) or value.built:
            return None
        case Instance():
            found = made[id(value)] = Instance(value.cls, {}, value.open, mode=value.mode)
            attrs = inner_copies(value.attrs, deep, made)
            if attrs is None:
                return None
            found.attrs.update(attrs)
        case Mapping():
            found = made[id(value)] = Mapping({}, value.open, value.rest, mode=value.mode)
            items = inner_copies(value.items, deep, made)
            if items is None:
                return None
            found.items.update(items)
        case Sequence():
            found = made[id(value)] = Sequence([], value.kind, value.open, mode=value.mode)
            elements = inner_copies(dict(enumerate(value.items)), deep, made)
            if elements is None:
                return None
            found.items.extend(elements.values())
        case Opaque():
            found = Opaque(value.stage, value.why, mode=value.mode)
        case Const() | Symbol() | ClassRef() | ModuleRef():
            found = value
        case Function() if value.bound is None:
            found = value
        case _:
            return None
    return found


def inner_copies(held: dict[Key, Value], deep: bool, made: dict[int, Value]) -> dict[Key, Value] | None:
    """What an object holds, for a copy of it; None where the copy of something inside is not known."""
    if not deep:
        return dict(held)
    found = {key: known_copy(value, deep, made) for key, value in held.items()}
    known = {key: value for key, value in found.items() if value is not None}
    return known if len(known) == len(found) else None
