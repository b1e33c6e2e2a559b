"""One source file as text and syntax tree: spans, comments, and what its imports bind."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import functools
import io
import tokenize
import warnings

from migrator.source.syntax import descendants


@dataclasses.dataclass(frozen=True, eq=False)
class Module:
    """A parsed file. `path` is root-relative and posix; `text` has "\\n" newlines."""

    path: str
    text: str
    tree: ast.Module

    @functools.cached_property
    def lines(self) -> list[str]:
        """The text line by line."""
        return self.text.split("\n")

    @functools.cached_property
    def line_starts(self) -> list[int]:
        """Character offset of each line's first character."""
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    @functools.cached_property
    def ascii(self) -> bool:
        """True when byte columns are character columns."""
        return self.text.isascii()

    def offset(self, line: int, column: int) -> int:
        """Character offset of a 1-based line and a UTF-8 byte column, as `ast` gives them."""
        start = self.line_starts[line - 1]
        if self.ascii:
            return start + column
        text = self.text[start : self.line_starts[line]]
        return start + len(text.encode()[:column].decode(errors="replace"))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Start and end character offsets of a node; decorators of a definition are included."""
        line, column = node.lineno, node.col_offset  # type: ignore[attr-defined]
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            start = self.line_start(decorators[0].lineno)
            start += len(self.text[start:]) - len(self.text[start:].lstrip(" \t"))
        else:
            start = self.offset(line, column)
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def line_start(self, line: int) -> int:
        """Offset of the first character of a 1-based line."""
        return self.line_starts[line - 1]

    def segment(self, node: ast.AST) -> str:
        """The node's own text."""
        start, end = self.span(node)
        return self.text[start:end]

    def indent_of(self, node: ast.AST) -> str:
        """The white space before the statement's line."""
        start = self.line_start(node.lineno)  # type: ignore[attr-defined]
        line = self.text[start : self.line_starts[node.lineno]]  # type: ignore[attr-defined]
        return line[: len(line) - len(line.lstrip(" \t"))]

    @functools.cached_property
    def comments(self) -> dict[int, tuple[int, str]]:
        """Line -> (column, comment text), as far as the tokenizer reaches."""
        found: dict[int, tuple[int, str]] = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = (token.start[1], token.string)
        except (tokenize.TokenError, SyntaxError):
            pass
        return found

    def comment(self, line: int) -> tuple[int, str] | None:
        """(column, text) of the comment on a line."""
        return self.comments.get(line) if "#" in self.lines[line - 1] else None

    @functools.cached_property
    def string_lines(self) -> frozenset[int]:
        """Lines that begin inside a multi-line string: their indentation is content."""
        inside: set[int] = set()
        for node in descendants(self.tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno != node.lineno:
                if isinstance(node, ast.JoinedStr) or isinstance(node.value, (str, bytes)):
                    inside.update(self._continued(node))
        return frozenset(inside)

    def _continued(self, node: ast.expr) -> list[int]:
        """The lines of an implicitly concatenated or triple-quoted string that begin inside a piece of it."""
        lines: list[int] = []
        start, end = self.span(node)
        try:
            tokens = tokenize.generate_tokens(io.StringIO("(" + self.text[start:end] + ")").readline)
            for token in tokens:
                if token.type == tokenize.STRING or token.string.startswith(('"""', "'''")):
                    lines.extend(range(node.lineno + token.start[0], node.lineno + token.end[0]))
        except (tokenize.TokenError, SyntaxError):
            return list(range(node.lineno + 1, (node.end_lineno or node.lineno) + 1))
        return lines

    def line_of(self, offset: int) -> int:
        """The 1-based line of a character offset."""
        return bisect.bisect_right(self.line_starts, offset)


def parse(path: str, text: str) -> Module | SyntaxError:
    """The parsed module, or the error that the parser gave; never raises for bad text."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Module(path, text, ast.parse(text))
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(f"{type(error).__name__}: {error}")
