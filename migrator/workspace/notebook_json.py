"""Where the code of each cell stands in the JSON of a notebook, so that the rest stays byte for byte."""

from __future__ import annotations

import json
import re

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
KEYS = ("source", "input")
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}  # as Colab stores these characters


def sources(stored: str) -> dict[int, tuple[int, int]]:
    """Number of a cell, counted from 1 -> start and end of its code in the text of a notebook.

    The JSON is valid; a byte-order mark may stand before it.
    """
    found: dict[int, tuple[int, int]] = {}
    path: list[str | int] = []  # a key or an index for each open object or array
    kinds: list[str] = []
    starts: list[int] = []
    key, valued = "", False  # of the object that is open; whether its colon was read
    for token in TOKEN.finditer(stored, 1 if stored.startswith("\ufeff") else 0):
        text = token[0]
        if text == ":":
            path[-1], valued = key, True
        elif text == ",":
            valued = False
            if kinds[-1] == "[":
                path[-1] = int(path[-1]) + 1
        elif text in "{[":
            valued = False
            starts.append(token.start())
            kinds.append(text)
            path.append(0 if text == "[" else "")
        elif text in "}]":
            kinds.pop()
            path.pop()
            _note(found, path, starts.pop(), token.end())
        elif kinds[-1] == "{" and not valued:
            key = json.loads(text)
        else:
            _note(found, path, token.start(), token.end())
    return found


def _note(found: dict[int, tuple[int, int]], path: list[str | int], start: int, end: int) -> None:
    inner = path[2:] if path[:2] == ["worksheets", 0] else path
    if len(inner) == 3 and inner[0] == "cells" and isinstance(inner[1], int) and inner[2] in KEYS:
        found[inner[1] + 1] = (start, end)


def source_like(stored: str, before: str, code: str) -> str:
    """The JSON of a cell's new code: text or list of lines as `before` was, characters as the file has them."""
    used = {plain: escape for plain, escape in ESCAPES.items() if escape in stored}

    def quoted(text: str) -> str:
        shown = json.dumps(text, ensure_ascii=stored.isascii())
        for plain, escape in used.items():
            shown = shown.replace(plain, escape)
        return shown

    if not before.startswith("["):
        return quoted(code)
    lines = [quoted(line) for line in code.splitlines(keepends=True)]
    opening = re.match(r"\[\s*", before)
    closing = re.search(r"\s*\]$", before)
    assert opening is not None and closing is not None
    if not lines:
        return "[]"
    apart = opening[0].removeprefix("[") or " "
    return opening[0] + f",{apart}".join(lines) + closing[0]
