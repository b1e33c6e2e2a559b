"""How long data are and how long a program trains: counted within limits, compared only where both are known."""

from __future__ import annotations

import time
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Sequence

MOST_BATCHES, MOST_SECONDS = 3000, 5.0
MOST_CALLS = 4  # of evaluate, whose data are counted


class Length(NamedTuple):
    """How many batches an evaluation reads, and rows, where that is known; `least`: so many there are at any rate."""

    batches: Optional[int] = None
    rows: Optional[int] = None
    least: int = 0

    @property
    def said(self) -> str:
        """For people."""
        batches = "more than %d" % self.least if self.batches is None else str(self.batches)
        return batches if self.rows is None else "%s (%d rows)" % (batches, self.rows)


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
        return Length(batches, self.rows if batches == self.batches and self.ended else None, self.batches)


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
    """The training steps that a program asks for, call by call. `total` begins with the step that it goes on from."""

    def __init__(self, calls: int = 0, total: Optional[int] = 0) -> None:
        self.calls = calls
        self.total = total

    def go_on_from(self, step: Optional[int]) -> None:
        """Tells the step counter of what an earlier model left, before the first call."""
        if not self.calls:
            self.total = step

    def add(self, steps: Optional[int], up_to: Optional[int] = None) -> None:
        """One call: so many steps more, or up to this one; both None: nobody knows."""
        self.calls += 1
        if self.total is None or (steps is None and up_to is None):
            self.total = None
        else:
            self.total = max(self.total, up_to) if up_to is not None else self.total + (steps or 0)


class Evaluations(object):
    """The lengths of a model's first evaluations, and how many there were."""

    def __init__(self, lengths: Iterable[Sequence[Any]] = (), calls: int = 0) -> None:
        self.lengths = [Length(*length) for length in lengths]
        self.calls = calls

    @property
    def counts(self) -> bool:
        """Whether the data of another evaluation shall be counted."""
        return len(self.lengths) < MOST_CALLS


def same_lengths(legacy: List[Evaluations], other: List[Evaluations]) -> Optional[bool]:
    """Whether the evaluations of two programs are as long, whatever their order; None: it is not known.

    A program may evaluate more often than the other (once per epoch), and only the first calls are counted.
    """
    sides = [[length for one in side for length in one.lengths] for side in (legacy, other)]
    both = sides[0] + sides[1]
    if not all(sides):
        return None
    for side, against in (sides, sides[::-1]):
        known = [length.batches for length in against if length.batches is not None]
        if len(known) == len(against) and any(n.batches is None and n.least > max(known) for n in side):
            return False  # it went on longer than all of the other program's
    if any(length.batches is None for length in both):
        return None
    place = slice(0, 2 if all(length.rows is not None for length in both) else 1)
    one, two = ({length[place] for length in side} for side in sides)
    whole = all(len(seen.lengths) == seen.calls for seen in legacy + other)
    return one == two if whole else bool(one & two) or None


def alike(legacy: List[Training], other: List[Training]) -> Optional[bool]:
    """Whether the models of two programs are trained to the same steps, whatever their order; None: it is not known."""
    one, two = ([training.total for training in side if training.calls] for side in (legacy, other))
    if not one or len(one) != len(two) or None in one + two:
        return None
    return sorted(filter(None, one)) == sorted(filter(None, two))
