"""The lines between cells in the text of a notebook, or of a script that an editor shows as cells."""

from __future__ import annotations

import re

SUFFIX = ".ipynb"
MARK = re.compile(r"# %% \[(\d+)\](?: cannot be read: (.*))?")
CELL = "# %%"  # how such a line begins in scripts, too


def mark(number: int, fault: str = "") -> str:
    """The line before a cell of a notebook. `fault`: why the cell is not Python."""
    return f"{CELL} [{number}]" + (f" cannot be read: {fault}" if fault else "")


def unreadable(text: str) -> tuple[int, str] | None:
    """Line and reason of the first cell in a notebook's text that is not Python."""
    for line, content in enumerate(text.split("\n"), 1):
        found = MARK.fullmatch(content)
        if found is not None and found[2]:
            return line, f"cannot be read as Python: {found[2]}"
    return None


def place(text: str, line: int) -> str:
    """Where a line of a notebook's text stands for a person: "cell 5, line 3"."""
    lines = text.split("\n")[:line]
    for back, content in enumerate(reversed(lines)):
        found = MARK.fullmatch(content)
        if found is not None:
            return f"cell {found[1]}, line {max(back, 1)}"
    return f"line {line}"
