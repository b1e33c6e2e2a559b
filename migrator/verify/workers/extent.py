"""How long data are and how long a program trains: counted within limits, compared only where both are known."""

from __future__ import annotations

import time
from typing import Callable, List, Optional, Tuple

MOST_BATCHES, MOST_SECONDS = 3000, 5.0
MOST_CALLS = 4  # of evaluate, whose data are counted


class Extent(object):
    """How many batches there are: `batches` were counted, and the data were at their end then, or went on.

    `rows` is the number of rows up to the end of the data, where it is known.
    """

    def __init__(self, batches: int, ended: bool, rows: Optional[int] = None) -> None:
        self.batches = batches
        self.ended = ended
        self.rows = rows

    def cut(self, steps: Optional[int]) -> Optional[int]:
        """How many batches a call works on that may take `steps` of them; None where that is not known."""
        if steps is not None and steps <= self.batches:
            return steps
        return self.batches if self.ended else None

    def cut_with_rows(self, steps: Optional[int]) -> Length:
        """The same, with the rows where the call works on all of them."""
        batches = self.cut(steps)
        return batches, self.rows if batches == self.batches and self.ended else None


Length = Tuple[Optional[int], Optional[int]]


def count(advance: Callable[[], Optional[bool]], before: int = 0, enough: Optional[int] = None) -> Extent:
    """Counts on from `before` while `advance` finds another batch; it may say None when it cannot tell any more."""
    deadline = time.time() + MOST_SECONDS
    batches = before
    while batches < min(MOST_BATCHES, enough or MOST_BATCHES) and time.time() < deadline:
        found = advance()
        if not found:
            return Extent(batches, found is False)
        batches += 1
    return Extent(batches, False)


class Training(object):
    """The training steps that a program asks for, call by call."""

    def __init__(self, calls: int = 0, total: Optional[int] = 0) -> None:
        self.calls = calls
        self.total = total

    def add(self, steps: Optional[int], up_to: Optional[int] = None) -> None:
        """One call: so many steps more, or up to this one; both None: nobody knows."""
        self.calls += 1
        if self.total is None or (steps is None and up_to is None):
            self.total = None
        else:
            self.total = max(self.total, up_to) if up_to is not None else self.total + (steps or 0)


def same_lengths(legacy: List[Length], other: List[Length]) -> Optional[bool]:
    """Whether the evaluations of two programs are as long, whatever their order; None: it is not known.

    A program may evaluate more often than the other (once per epoch), and only its first calls are counted.
    """
    both = legacy + other
    if not legacy or not other or any(batches is None for batches, _ in both):
        return None
    place = slice(0, 2 if all(rows is not None for _, rows in both) else 1)
    one, two = {length[place] for length in legacy}, {length[place] for length in other}
    whole = max(len(legacy), len(other)) < MOST_CALLS
    return one == two if whole else bool(one & two) or None


def alike(legacy: List[Training], other: List[Training]) -> Optional[bool]:
    """Whether two programs, of one trained model each, train for the same number of steps; None: it is not known."""
    known = [one for one in legacy if one.calls], [one for one in other if one.calls]
    if any(len(side) != 1 or side[0].total is None for side in known):
        return None
    return known[0][0].total == known[1][0].total
