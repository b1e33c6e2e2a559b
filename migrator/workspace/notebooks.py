"""The code of a notebook as one text: what is in it can be found and reported; its cells are not rewritten."""

from __future__ import annotations

import ast
import json
import warnings

SUFFIX = ".ipynb"


def code(data: bytes) -> str:
    """The code cells one after the other, a line of a cell on a line. Cells that are not Python become comments.

    Raises ValueError when the bytes are no notebook.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        texts = [_text(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"not a notebook: {error}") from error
    return "\n\n".join(_python(text) for text in texts) + "\n"


def _text(cell: dict[str, object]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return "".join(source) if isinstance(source, list) else str(source)


def _python(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    if not text.lstrip().startswith("%%"):
        plain = "\n".join(_without_magic(line) for line in lines)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(plain)
            return plain
        except (SyntaxError, ValueError):
            pass
    return "\n".join(f"# {line}" for line in lines)


def _without_magic(line: str) -> str:
    """A line for the shell or for IPython as a statement that does nothing."""
    bare = line.lstrip()
    return f"{line[: len(line) - len(bare)]}pass  # {bare}" if bare.startswith(("%", "!")) else line
