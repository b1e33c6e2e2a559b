"""A learning rate over the steps of a training: where it changes, found by halving."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

_GRID, _MOST = 16, 240  # points looked at first, and in all
_USUAL = 10000  # steps, where nobody knows how many there are


def sample(value_at: Callable[[int], Any], steps: Optional[int]) -> List[Tuple[int, Any]]:
    """Steps with the value there: close together where it changes, so that a jump is seen where it is."""
    last = max(1, min(steps or _USUAL, _USUAL))
    known: Dict[int, Any] = {}
    waiting = sorted({last * number // _GRID for number in range(_GRID + 1)})
    while waiting and len(known) + len(waiting) <= _MOST:
        known.update((step, value_at(step)) for step in waiting)
        places = sorted(known)
        pairs = [(places[index], places[index + 1]) for index in range(len(places) - 1)]
        waiting = [(low + high) // 2 for low, high in pairs if high - low > 1 and known[low] != known[high]]
    return sorted(known.items())
