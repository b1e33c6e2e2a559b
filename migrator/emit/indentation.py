"""Indentation: new definitions follow the width that their file indents by."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import Counter

WIDTH = 4  # of what the tool writes


def unit_of(tree: ast.Module) -> int:
    """How many columns the bodies of a file's top-level definitions are indented by, most often."""
    definitions = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    found = Counter(n.body[0].col_offset for n in definitions if n.body[0].lineno > n.lineno)
    return found.most_common(1)[0][0] if found else WIDTH


def reindented(text: str, unit: int) -> str:
    """Definitions with another width of indentation.

    What continues a line keeps its distance from the line's beginning; texts in several lines stay as they are, but
    for docstrings.
    """
    if unit == WIDTH:
        return text
    try:
        found = list(tokenize.generate_tokens(io.StringIO(text + "\n").readline))
    except (tokenize.TokenError, SyntaxError, IndentationError):
        return text
    lines = text.split("\n")
    moves: dict[int, int] = {}  # row -> by how many columns it moves
    columns = {0: 0}  # old column -> new one, of the levels seen last
    stack = [0]
    waiting: list[tuple[int, int]] = []  # comments on lines of their own: (row, column)
    begin = True  # the next token begins a statement
    move, docstring = 0, False
    for token in found:
        row, column = token.start
        if token.type == tokenize.INDENT:
            stack.append(len(token.string))
        elif token.type == tokenize.DEDENT:
            stack.pop()
        elif token.type == tokenize.COMMENT and begin:
            waiting.append((row, column))
        elif token.type == tokenize.NEWLINE:
            begin = True
        elif token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.ENDMARKER):
            if begin:
                columns[column] = unit * (len(stack) - 1)
                move = columns[column] - column
                moves.update({r: columns.get(c, c + move) - c for r, c in waiting})
                waiting, docstring = [], token.type == tokenize.STRING
            if token.type == tokenize.STRING and not (begin and docstring):
                moves.update(dict.fromkeys(range(row + 1, token.end[0] + 1), 0))
                moves.setdefault(row, move)
            for r in range(row, token.end[0] + 1):
                moves.setdefault(r, move)
            begin = False
    return "\n".join(moved(line, moves.get(row, 0)) for row, line in enumerate(lines, 1))


def moved(line: str, by: int) -> str:
    """A line with more or less white space before it."""
    bare = line.lstrip(" ")
    return " " * max(0, len(line) - len(bare) + by) + bare if bare else line
