"""The values that Keras variables start with, noted before an optimizer first moves anything."""

from __future__ import annotations

from typing import Any, Dict

from . import guess
from .transplant import as_numpy

_START: Dict[int, Any] = {}


def note() -> None:
    """Keeps the value of every variable made since the last time."""
    for variable in guess.ALIVE:
        if id(variable) not in _START and getattr(variable, "_value", None) is not None:
            _START[id(variable)] = as_numpy(variable)


def start_of(variable: Any) -> Any:
    """The value that a variable started with; that of today when nothing was trained since it was made."""
    return _START[id(variable)] if id(variable) in _START else as_numpy(variable)
