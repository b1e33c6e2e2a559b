"""Parameters that are told by constants whether the network trains: `net(x, training=True)` where the mode is TRAIN."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Value

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts

Told = frozenset[tuple[ast.AST, str]]  # (definition, parameter)


def told_training(facts: Facts) -> Told:
    """The parameters that are True in every call of the training graph, and False in every call of the others."""
    found: set[tuple[ast.AST, str]] = set()
    for definition, frames in facts.frames.items():
        real = [f for f in frames if not f.supposed]
        if {f.mode == "train" for f in real} != {True, False}:
            continue
        for name in real[0].arguments:
            if all(tells(f.arguments.get(name), f.mode) for f in real):
                found.add((definition, name))
    return frozenset(found)


def tells(value: Value | None, mode: str) -> bool:
    """True for a plain constant that says whether this mode is training."""
    return isinstance(value, Const) and not value.mode and value.value is (mode == "train")


def marked(told: Told, definition: ast.AST, arguments: dict[str, Value]) -> dict[str, Value]:
    """The arguments of an activation, those that tell the mode marked so."""
    return {
        name: Const(value.value, mode=True) if (definition, name) in told and isinstance(value, Const) else value
        for name, value in arguments.items()
    }
