"""The soundness rules of the core, each of which a test can switch off to show that some test then fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

RULES = frozenset(
    {
        "handler-join",  # a handler may start after any statement of its try body
        "mode-sets",  # a test on the mode is the set of modes where it holds, not "is training"
        "chained-comparison",  # a == mode == b compares pairwise
        "kill-below-base",  # a store to x.a or x[i] changes x, it does not replace it
        "aliasing",  # an object that has two names changes under both
        "argument-change",  # an object that came as an argument changes for the caller too
        "in-place-add",  # a list that grows by += stays the same object
        "unknown-key",  # a store under an unknown key may change every item
        "unknown-holder",  # what is kept in an object that cannot be followed cannot be followed either
        "object-state",  # an attribute that is changed later was another when it was read
        "outer-write",  # global and nonlocal names change for everybody
        "rebinding",  # a name of a script that is bound again was another thing when functions ran before
        "late-binding",  # a function reads the names around it when it is called
        "scope-counters",  # default names are counted afresh in each activation of a scope
        "auto-reuse",  # AUTO_REUSE takes what is there and makes what is not
        "layer-reuse",  # a layer that is told to reuse takes the variables of the one before
        "trips-apart",  # under AUTO_REUSE, a trip of a loop may take the variables of another
        "loop-again",  # the layers of one loop, used again in another, are not the last of them
        "partial",  # a partial function of a layer gives it arguments
        "arg-scope",  # an arg_scope gives the layers that are called inside it other defaults
        "scope-defaults",  # a variable_scope gives what is made inside it an initializer or regularizer
        "reused-alike",  # what reuses the variables of a layer may still differ from it
        "layer-object",  # a layer object called again uses its variables again
        "object-called-twice",  # an object that makes layers in its call makes new ones each time
        "operand",  # an operand of and / or, or a nested comprehension, may create nothing or much
        "mode-layers",  # one name in two modes is one layer
        "mode-names",  # a default name that differs from mode to mode is another layer's in a checkpoint
        "loop-variable",  # the variable of a loop is another in each trip
        "loop-carried",  # a name that changes after it was read is not one value
        "loop-jump",  # a trip that is left early creates less
        "told-by-mode",  # what a branch on the mode sets must be told the mode wherever it is read
        "training-per-call",  # whether a helper trains is told by each call, not by its definition
    }
)
_off: set[str] = set()


def active(rule: str) -> bool:
    """Whether a rule is in force; always, outside the tests that switch it off."""
    return rule not in _off


@contextlib.contextmanager
def without(rule: str) -> Iterator[None]:
    """Switch a rule off inside a test."""
    if rule not in RULES:
        raise KeyError(rule)
    _off.add(rule)
    try:
        yield
    finally:
        _off.discard(rule)
