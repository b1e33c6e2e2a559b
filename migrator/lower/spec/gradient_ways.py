"""What a gradient went through on its way to an optimizer, by the values of the analysis."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from migrator.analysis.values import Result, Sequence, Value, is_none, options, same

CLIPS = {
    "tensorflow.clip_by_global_norm": "global_clipnorm",
    "tensorflow.clip_by_norm": "clipnorm",
    "tensorflow.clip_by_value": "clipvalue",
}
COMPUTED = "optimizer.compute_gradients"
SOURCES = frozenset({COMPUTED, "tensorflow.gradients"})


@dataclasses.dataclass(frozen=True, eq=False)
class Way:
    """Where gradients come from, and the clip calls that they went through, in any order."""

    source: Result
    clips: tuple[Result, ...] = ()


class Lost(Exception):
    """A value on the way that cannot be followed."""


def of_pairs(value: Value) -> Iterable[Way]:
    """The ways of a list of (gradient, variable)."""
    for option in options(value):
        if isinstance(option, Result) and option.symbol == COMPUTED and not option.part:
            yield Way(option)
        elif isinstance(option, Result) and option.symbol == "builtins.zip" and not option.part:
            found = list(of_list(option.bound.get("0")))
            if not all(goes_with(way.source, option.bound.get("1")) for way in found):
                raise Lost
            yield from found
        elif isinstance(option, Sequence) and option.items:
            for item in option.items:
                yield from of_pair(item)
        else:
            raise Lost


def of_pair(value: Value) -> Iterable[Way]:
    """The ways of one (gradient, variable)."""
    for option in options(value):
        if isinstance(option, Result) and option.symbol == COMPUTED and option.part == ("*",):
            yield Way(option)
        elif isinstance(option, Result) and option.symbol == "builtins.zip" and option.part == ("*",):
            yield from of_pairs(dataclasses.replace(option, part=()))
        elif isinstance(option, Sequence) and len(option.items) == 2 and not option.open:
            found = list(of_gradient(option.items[0]))
            if not all(goes_with(way.source, option.items[1]) for way in found):
                raise Lost
            yield from found
        else:
            raise Lost


def of_list(value: Value | None) -> Iterable[Way]:
    """The ways of a list of gradients."""
    for option in options(value) if value is not None else ():
        if isinstance(option, Result) and option.symbol == "builtins.zip*" and option.part == (0,):
            yield from of_pairs(option.bound["0"])
        elif isinstance(option, Result) and option.symbol == "tensorflow.gradients" and not option.part:
            yield Way(option)
        elif isinstance(option, Result) and option.symbol == "tensorflow.clip_by_global_norm" and option.part == (0,):
            yield from clipped(option, of_list(option.bound.get("t_list")))
        elif isinstance(option, Sequence) and option.items and option.open:
            for item in option.items:
                yield from of_gradient(item)
        else:
            raise Lost


def of_gradient(value: Value | None) -> Iterable[Way]:
    """The ways of one gradient; None, of a variable that the loss does not depend on, has none."""
    for option in options(value) if value is not None else ():
        if is_none(option) is True:
            continue
        if not isinstance(option, Result):
            raise Lost
        if (option.symbol, option.part) in ((COMPUTED, ("*", 0)), ("tensorflow.gradients", ("*",))):
            yield Way(option)
        elif option.symbol == "builtins.zip*" and option.part == (0, "*"):
            yield from of_pairs(option.bound["0"])
        elif option.symbol == "builtins.zip" and option.part == ("*", 0):
            yield from of_list(option.bound.get("0"))
        elif option.symbol == "tensorflow.clip_by_global_norm" and option.part == (0, "*"):
            yield from clipped(option, of_list(option.bound.get("t_list")))
        elif option.symbol in ("tensorflow.clip_by_norm", "tensorflow.clip_by_value") and not option.part:
            yield from clipped(option, of_gradient(option.bound.get("t")))
        else:
            raise Lost


def clipped(clip: Result, ways: Iterable[Way]) -> Iterable[Way]:
    """The ways behind a clip call."""
    for way in ways:
        yield Way(way.source, (*way.clips, clip))


def goes_with(source: Result, variable: Value | None) -> bool:
    """True for the variables that the gradients of a source belong to, all or one of them, in their order."""
    found = options(variable) if variable is not None else ()
    return bool(found) and all(is_variable_of(source, option) for option in found)


def is_variable_of(source: Result, value: Value) -> bool:
    if isinstance(value, Result) and value.symbol == COMPUTED and value.call is source.call:
        return value.part == ("*", 1)
    if isinstance(value, Result) and value.symbol == "builtins.zip*" and value.part in ((1,), (1, "*")):
        return all(isinstance(o, Result) and o.call is source.call for o in options(value.bound["0"]))
    if isinstance(value, Result) and value.symbol == "builtins.zip" and value.part == ("*", 1):
        return goes_with(source, value.bound.get("1"))
    given = source.bound.get("xs" if source.symbol != COMPUTED else "var_list")
    if given is None:
        return source.symbol == COMPUTED and is_trainable(value)
    if is_trainable(value) and isinstance(given, Result) and is_trainable(given) and not given.part:
        return True
    return same(given, value)


def is_trainable(value: Value) -> bool:
    """True for all trainable variables, or one of them."""
    return (
        isinstance(value, Result)
        and value.symbol == "tensorflow.trainable_variables"
        and not value.bound
        and value.part in ((), ("*",))
    )
