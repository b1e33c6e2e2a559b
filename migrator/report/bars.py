"""Bars of coloured blocks for the terminal: shares of a whole at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

WIDTH = 30


def bar(console: Console, parts: Sequence[tuple[int, str]], width: int = WIDTH) -> Text:
    """The parts (amount, colour) in proportion; one that is not nothing is at least one block wide."""
    total = sum(amount for amount, _ in parts)
    unicode = _can_draw(console)
    text = Text()
    if not total:
        return text.append(("·" if unicode else ".") * width, "dim")
    widths = [max(round(amount * width / total), 1 if amount else 0) for amount, _ in parts]
    widths[widths.index(max(widths))] += width - sum(widths)
    for number, (blocks, (_, colour)) in enumerate(zip(widths, parts, strict=True)):
        text.append(("█" if unicode else "#=-."[number % 4]) * blocks, colour)
    return text


def mark(console: Console, status: str) -> Text:
    """A status as one coloured character that needs no colour to be told from the others."""
    sign, plain, colour = _MARKS[status]
    return Text(sign if _can_draw(console) else plain, colour)


_MARKS = {
    "converted": ("✓", "+", "green"),
    "partial": ("~", "~", "yellow"),
    "skipped": ("✗", "-", "red"),
    "failed": ("✗", "-", "red"),
}


def _can_draw(console: Console) -> bool:
    try:
        "█✓✗·".encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
