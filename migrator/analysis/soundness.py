"""The soundness rules of the core, each of which a test can switch off to show that some test then fails."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

RULES = frozenset(
    {
        "handler-join",  # a handler may start after any statement of its try body
        "mode-sets",  # a test on the mode is the set of modes where it holds, not "is training"
        "chained-comparison",  # a == mode == b compares pairwise
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
