"""Parameters that are told by constants whether the network trains: `net(x, training=True)` where the mode is TRAIN."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Value, depends_on_mode

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts

Told = frozenset[tuple[ast.AST, str]]  # (definition, parameter)


def told_training(facts: Facts) -> Told:
    """The parameters that are True in every call of the training graph, and False in every call of the others."""
    return frozenset(
        (definition, name)
        for definition, name in telling(facts)
        if not any(depends_on_mode(f.arguments[name]) for f in facts.frames[definition] if not f.supposed)
    )


def telling(facts: Facts) -> Told:
    """The parameters that say in every call whether its graph trains: by constants, or by the mode itself."""
    found: set[tuple[ast.AST, str]] = set()
    for definition, frames in facts.frames.items():
        real = [f for f in frames if not f.supposed]
        if {f.mode == "train" for f in real} != {True, False}:
            continue
        for name in real[0].arguments:
            if all(tells(f.arguments.get(name), f.mode == "train") for f in real):
                found.add((definition, name))
    return frozenset(found)


def untrained(facts: Facts, model_fn: ast.AST, elsewhere: Told) -> Told:
    """Of parameters that tell other model_fns whether they train, those that are False in one that has no training.

    It raises where it should train, so that what it is given as a constant is what the mode would say.
    """
    if any(f.mode == "train" and f.returned is not None for f in facts.frames.get(model_fn, [])):
        return frozenset()
    return frozenset(
        (definition, name)
        for definition, name in elsewhere
        if definition in facts.frames
        and all(tells(f.arguments.get(name), False) for f in facts.frames[definition] if not f.supposed)
    )


def tells(value: Value | None, training: bool) -> bool:
    """True for a constant that says this."""
    return isinstance(value, Const) and value.value is training


def marked(
    told: Told, never: Told, training: bool, definition: ast.AST, arguments: dict[str, Value]
) -> dict[str, Value]:
    """The arguments of an activation, those that tell the mode marked so: by what they are, or by the graph's mode."""
    marks: dict[str, Value] = {}
    for name, value in arguments.items():
        if (definition, name) in told and isinstance(value, Const):
            marks[name] = Const(value.value, mode=True)
        elif (definition, name) in never and isinstance(value, Const):
            marks[name] = Const(training, mode=True)
    return {**arguments, **marks}
