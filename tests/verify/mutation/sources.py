"""A migrated program as text and syntax: where things are, and how a piece of it is replaced."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Iterator, Mapping

from tests.fixtures.programs import FOLDER, legacy_sources, read_sources

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Replacement = tuple[ast.AST, str]


@dataclasses.dataclass(frozen=True)
class Change:
    """One place of one file with other text: a mutant that has not been written yet."""

    path: str
    line: int
    what: str
    text: str


class File:
    """One file of a program. Its classes are known by the Keras class they come from in the end."""

    def __init__(self, path: str, text: str, bases: Mapping[str, str]) -> None:
        self.path = path
        self.text = text
        self.bases = bases
        self.tree = ast.parse(text)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        placed = [node for node in ast.walk(self.tree) if hasattr(node, "lineno")]
        self._in_order = sorted(placed, key=lambda node: (node.lineno, node.col_offset))
        self._starts = [0]
        for line in text.encode().splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of these kinds in the order of the text."""
        yield from (node for node in self._in_order if isinstance(node, kinds))

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """The calls of any of these dotted names; "keras.layers." stands for everything below it."""
        for node in self.nodes(ast.Call):
            assert isinstance(node, ast.Call)
            called = self.called(node)
            if any(called == name or (name.endswith(".") and called.startswith(name)) for name in names):
                yield node

    def called(self, call: ast.Call) -> str:
        """What a call calls, a class of the program by the Keras class it comes from."""
        name = dotted(call.func)
        return self.bases.get(name, name)

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self._span(node)
        return self.text.encode()[start:end].decode()

    def enclosing(self, node: ast.AST, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """The nodes of these kinds around a node, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, kinds):
                yield node

    def function(self, node: ast.AST) -> str:
        """The name of the function around a node."""
        found = next(self.enclosing(node, *FUNCTIONS), None)
        return getattr(found, "name", "")

    def change(self, what: str, *replacements: Replacement) -> Change:
        """The file with other text in the place of these nodes."""
        text = self.text.encode()
        spans = [(self._span(node), new.encode()) for node, new in replacements]
        for (start, end), new in sorted(spans, reverse=True):
            text = text[:start] + new + text[end:]
        line = min(node.lineno for node, _ in replacements)  # type: ignore[attr-defined]
        changed = text.decode()
        ast.parse(changed)
        return Change(self.path, line, what, changed)

    def swap(self, node: ast.AST, new: str) -> Change:
        """One node with other text."""
        return self.change(f"{short(self.source(node))} -> {short(new)}", (node, new))

    def with_keyword(self, call: ast.Call, name: str, value: str) -> Change:
        """A call with one keyword argument set."""
        given = keyword(call, name)
        if given is not None:
            return self.swap(given, value)
        inner = ", ".join([*map(self.source, call.args), *map(self._argument, call.keywords), f"{name}={value}"])
        called = self.source(call.func)
        return self.change(f"{short(self.source(call))}: {name}={value} added", (call, f"{called}({inner})"))

    def without_keyword(self, call: ast.Call, name: str) -> Change:
        """A call without one of its keyword arguments."""
        kept = [self._argument(given) for given in call.keywords if given.arg != name]
        inner = ", ".join([*map(self.source, call.args), *kept])
        dropped = next(given for given in call.keywords if given.arg == name)
        what = f"{short(self._argument(dropped))} dropped"
        return self.change(what, (call, f"{self.source(call.func)}({inner})"))

    def without_statement(self, statement: ast.stmt) -> Change:
        """The file without a statement."""
        return self.change(f"{short(self.source(statement))} dropped", (statement, "pass"))

    def _argument(self, given: ast.keyword) -> str:
        value = self.source(given.value)
        return f"{given.arg}={value}" if given.arg else f"**{value}"

    def _span(self, node: ast.AST) -> tuple[int, int]:
        start = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]


def dotted(node: ast.AST) -> str:
    """The dotted name that an expression is, "" when it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """A keyword argument of a call."""
    return next((given.value for given in call.keywords if given.arg == name), None)


def number(node: ast.AST | None) -> bool:
    """Whether an expression is a number as such."""
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def short(text: str, width: int = 60) -> str:
    """A piece of source on one line."""
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 3] + "..."


@functools.cache
def migrated(name: str) -> Mapping[str, str]:
    """The migrated program as it is in the repository."""
    return read_sources(FOLDER / name / "migrated")


@functools.cache
def files(name: str) -> tuple[File, ...]:
    """The files of a migrated program: its own first, those that the conversion added behind them."""
    sources = migrated(name)
    bases = _keras_bases(sources.values())
    own = legacy_sources(name)
    return tuple(File(path, sources[path], bases) for path in sorted(sources, key=lambda path: (path not in own, path)))


def _keras_bases(texts: Iterator[str] | object) -> dict[str, str]:
    """Class name -> the Keras class it derives from."""
    found: dict[str, str] = {}
    for text in texts:  # type: ignore[attr-defined]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                keras = [base for base in map(dotted, node.bases) if base.startswith("keras.")]
                # A layer of the program has arguments of its own; one of the support module those of its base.
                if keras and keras[0] not in ("keras.layers.Layer", "keras.Model"):
                    found[node.name] = keras[0]
    return found
