"""The code of a notebook as one text, and the changed text as cells again.

A line before each cell says which one it is (`# %% [3]`, counted from 1 among all cells). What only IPython understands
is written as Python that does nothing, or nothing that can be followed, and comes back as it was. A cell that should be
Python and is not becomes comments, and its mark says why.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from migrator.cells import MARK, SUFFIX, mark
from migrator.workspace import diagnosis
from migrator.workspace.notebook_json import source_like, sources

FUTURE = "from __future__ import"  # which no cell but the first could have in one text
PYTHON_MAGICS = re.compile(r"%%(time|capture|prun)\b")  # of cells that are Python all the same, run where others are


@dataclasses.dataclass(frozen=True)
class Cell:
    """A code cell. `number` counts all cells from 1. `shown`: its Python text; `magics`: what stands for which line."""

    number: int
    shown: str
    magics: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fault: str = ""  # why it is not Python 3


def code(data: bytes) -> str:
    """The Python of the code cells, one cell after the other. Cells for another language or the shell are left out.

    Raises ValueError when the bytes are no notebook.
    """
    cells = python_cells(data)
    return "\n\n".join(f"{mark(cell.number, cell.fault)}\n" + cell.shown.strip("\n") for cell in cells) + "\n"


def rewritten(data: bytes, text: str) -> bytes:
    """The notebook with the code of its cells from a text that was made of `code(data)`. The rest is as it was.

    Raises ValueError when the text does not show any more which line belongs to which cell.
    """
    cells = python_cells(data)
    new = _taken_apart(text, cells)
    stored = data.decode("utf-8")
    places = sources(stored)
    for cell in reversed(cells):
        if new[cell.number] != cell.shown.strip("\n"):
            if cell.fault:
                raise ValueError(f"cell {cell.number} cannot be read: {cell.fault}")
            start, end = places[cell.number]
            source = source_like(stored, stored[start:end], _with_magics(new[cell.number], cell))
            stored = stored[:start] + source + stored[end:]
    return stored.encode()


def python_cells(data: bytes) -> list[Cell]:
    """The code cells that are, or should be, Python. Raises ValueError when the bytes are no notebook."""
    raw = [(n, cell) for n, cell in enumerate(_cells(_loaded(data)), 1) if cell.get("cell_type") == "code"]
    return [cell for number, one in raw if (cell := _python_cell(number, _source(one))) is not None]


def script_path(path: str) -> str:
    """Where the code of a notebook stands while it is run: beside it, under a name that Python can import."""
    if not path.endswith(SUFFIX):
        return path
    folder, _, name = path.rpartition("/")
    stem = re.sub(r"\W", "_", name.removesuffix(SUFFIX))
    return f"{folder}/notebook_{stem}.py" if folder else f"notebook_{stem}.py"


def write_scripts(folder: Path, paths: Iterable[str]) -> None:
    """Writes the code of notebooks in a folder beside them, as scripts. What is no notebook is passed over."""
    for path in paths:
        try:
            text = code((folder / path).read_bytes())
        except (OSError, ValueError):
            continue
        (folder / script_path(path)).write_text(text, encoding="utf-8")


# --------------------------------------------------------------------------------------------------------------- JSON
def _loaded(data: bytes) -> dict[str, Any]:
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        if all(isinstance(_source(cell), str) for cell in _cells(notebook)) and isinstance(notebook, dict):
            return notebook
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not a notebook: {error}") from error
    raise ValueError("not a notebook")


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    return cells + []  # a TypeError for what is no list


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return ("".join(source) if isinstance(source, list) else str(source)).replace("\r\n", "\n")


# -------------------------------------------------------------------------------------------------------------- cells
def _python_cell(number: int, source: str) -> Cell | None:
    """None for a cell in another language, or without any code."""
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if not first or (first.startswith("%%") and not PYTHON_MAGICS.match(first)):
        return None
    problem = _problem(source)
    if problem is None:  # what looks like a line for IPython stands in quotes
        cell = Cell(number, *_replaced(lines, lambda line: f"pass  # {line}" if line.startswith(FUTURE) else line))
    else:
        shown, magics = _replaced(lines, _plain)
        problem = _problem(shown)
        if problem is not None and (first.startswith(("%", "?")) or _is_shell(first)):
            return None  # `%bash` and its like, of older notebooks
        cell = Cell(number, shown, magics)
        problem = problem or _timed(magics.values())
    if problem is None and any(MARK.fullmatch(line) for line in cell.shown.split("\n")):
        problem = "a line of it looks like the marks between cells"
    return cell if problem is None else Cell(number, "\n".join(f"# {line}" for line in lines), fault=problem)


def _replaced(lines: list[str], plain: Callable[[str], str]) -> tuple[str, dict[str, str]]:
    """A cell with other lines in place of those that mean something to IPython alone, and what stands for which."""
    shown: list[str] = []
    magics: dict[str, str] = {}
    goes_on = False
    for line in lines:
        new = f"#{line}" if goes_on else plain(line)
        goes_on = (goes_on or line.lstrip().startswith("!")) and line.rstrip().endswith("\\")
        if new != line:
            magics[new] = line
        shown.append(new)
    return "\n".join(shown), magics


def _timed(magics: Iterable[str]) -> str | None:
    """A statement that stands behind a magic on one line is out of sight."""
    for line in magics:
        if re.match(r"\s*%(?:time|timeit|prun|memit)\b\s*\S", line):
            return f"`{line.strip()[:40]}`: write the statement on lines of its own, under %%time"
    return None


def _plain(line: str) -> str:
    """A line for IPython as a statement that nothing is known of; any other line as it is."""
    bare = line.lstrip()
    indent = line[: len(line) - len(bare)]
    if bare.startswith(("%", "!", "?", FUTURE)) or (bare.endswith("?") and "#" not in bare and "=" not in bare):
        return f"{indent}pass  # {bare}"
    assigned = re.match(r"([A-Za-z_]\w*(?:\s*,\s*\w+)*\s*=\s*)([!%].*)$", bare)
    return f"{indent}{assigned[1]}get_ipython().magic({assigned[2]!r})" if assigned else line


def _is_shell(line: str) -> bool:
    """True for a command that IPython passes on without a mark: `ls -la data`."""
    return re.match(r"(ls|cd|cat|rm|mkdir|pwd|cp|mv|pip|conda)\b(?!\s*[=(.])", line) is not None


def _problem(text: str) -> str | None:
    found = diagnosis.of_text("", text)
    return found.message if found is not None else None


def _taken_apart(text: str, cells: list[Cell]) -> dict[int, str]:
    """The text of each cell. What stands before the first mark belongs to the first cell. Raises ValueError."""
    parts: list[list[str]] = [[]]
    numbers: list[int] = []
    for line in text.split("\n"):
        found = MARK.fullmatch(line)
        if found is None:
            parts[-1].append(line)
        else:
            numbers.append(int(found[1]))
            parts.append([])
    if numbers != [cell.number for cell in cells]:
        raise ValueError("the new code cannot be told apart into cells")
    first, *texts = ["\n".join(lines).strip("\n") for lines in parts]
    if first and texts:
        texts[0] = f"{first}\n{texts[0]}"
    return dict(zip(numbers, texts, strict=True))


def _with_magics(text: str, cell: Cell) -> str:
    """The text of a cell with its lines for IPython. Raises ValueError when one of them is lost."""
    left = dict(cell.magics)
    lines = [left.pop(line) if line in left else line for line in text.split("\n")]
    lines = [cell.magics.get(line, line) for line in lines]
    if left:
        raise ValueError(f"cell {cell.number}: `{next(iter(left.values())).strip()}` would be lost")
    return "\n".join(lines)
