"""isinstance, callable and hasattr: their answers where they are certain."""

from __future__ import annotations

import builtins
import collections
import collections.abc

from migrator.analysis.values import (
    NONE,
    ClassRef,
    Const,
    Function,
    Mapping,
    Opaque,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    options,
    stage_of,
)


def answer(name: str, args: list[Value]) -> Value:
    """What one of these functions says of its arguments."""
    value = args[0] if args else NONE
    mode = depends_on_mode(value)
    if name == "callable" and isinstance(value, (Function, ClassRef)):
        return Const(True)
    if name == "isinstance" and len(args) == 2:
        certain = is_instance(value, args[1])
        if certain is not None:
            return Const(certain, mode=mode)
    # how the input is structured is known when the model is traced, before data arrives
    stage = min(max(stage_of(v) for v in args), Stage.SHAPE) if args else Stage.STATIC
    return Opaque(stage, mode=mode)


def is_instance(value: Value, wanted: Value) -> bool | None:
    """Whether a container or a constant is of one of the classes; None where that is not known."""
    if isinstance(value, Mapping):
        example: object = {}
    elif isinstance(value, Sequence):
        example = value.kind()
    elif isinstance(value, Const):
        example = value.value
    else:
        return None
    items = wanted.items if isinstance(wanted, Sequence) and not wanted.open else options(wanted)
    classes = [known_class(item, of_libraries=not isinstance(value, Const)) for item in items]
    if any(cls is not None and isinstance(example, cls) for cls in classes):
        return True if isinstance(wanted, (Sequence, Symbol)) else None
    # A dict here may be one of a kind of its own.
    kinds = dict if isinstance(value, Mapping) else ()
    return False if classes and all(cls is not None and not issubclass(cls, kinds) for cls in classes) else None


def known_class(value: Value, of_libraries: bool) -> type | None:
    """The class of Python that a name stands for.

    With `of_libraries` also one, whichever, that is no container of Python's, for a class of the program or a library.
    """
    if isinstance(value, ClassRef) and of_libraries:
        return NotAContainer
    if not isinstance(value, Symbol):
        return None
    home, _, name = value.name.rpartition(".")
    if home == "builtins":
        found = getattr(builtins, name, None)
    elif home in ("collections", "collections.abc"):
        found = getattr(collections.abc, name, None) or getattr(collections, name, None)
    else:
        found = NotAContainer if of_libraries and home.startswith(("tensorflow", "keras", "numpy", "pandas")) else None
    return found if isinstance(found, type) else None


class NotAContainer:
    """What a class of a program or of a library is to a list, a tuple or a dict that is written out."""
