"""Lines of a text that was written anew: where each of them stood, and a conversion told in the old lines again."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from migrator.conversion import Conversion, FileEdit, ModelMap, Options
from migrator.ledger import Finding, Ledger, Unit
from migrator.source.module import Module


@dataclasses.dataclass(frozen=True)
class Chunk:
    """Lines `start` to `end` of a text, 1-based and inclusive, and what stands there now.

    With `end` before `start` the new lines are inserted above `start`. `at` is the line they are told to stand on;
    `stood` tells it line by line for lines that moved here.
    """

    start: int
    end: int
    new: tuple[str, ...]
    at: int
    stood: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Lines:
    """The lines of a new text: `old[n]` is where line n + 1 stood, or belongs to where `made` says that it is new."""

    old: tuple[int, ...]
    made: tuple[bool, ...]

    def before(self, line: int) -> int:
        """The old line of a new one."""
        return self.old[line - 1] if 0 < line <= len(self.old) else line

    def is_made(self, line: int) -> bool:
        """True for a line that the old text does not have."""
        return 0 < line <= len(self.made) and self.made[line - 1]

    def after(self, line: int) -> int:
        """The first new line of an old one."""
        return next((n for n in range(1, len(self.old) + 1) if self.before(n) == line and not self.is_made(n)), line)


def respelled(module: Module, nodes: Iterable[tuple[ast.expr, str]]) -> list[Chunk]:
    """The lines of expressions that stand on one line each, with other texts in their places."""
    found: dict[int, str] = {}
    for node, text in sorted(nodes, key=lambda item: item[0].col_offset, reverse=True):
        begin, end = (offset - module.line_start(node.lineno) for offset in module.span(node))
        line = found.get(node.lineno, module.lines[node.lineno - 1])
        found[node.lineno] = line[:begin] + text + line[end:]
    return [Chunk(number, number, (line,), number) for number, line in found.items()]


def rewritten(text: str, chunks: Iterable[Chunk]) -> tuple[str, Lines]:
    """The text with its chunks replaced; they do not overlap."""
    source = text.split("\n")
    found: list[str] = []
    old: list[int] = []
    made: list[bool] = []
    line = 1
    for chunk in sorted(chunks, key=lambda c: (c.start, c.end)):
        kept = range(line, chunk.start)
        found += [source[n - 1] for n in kept]
        old += kept
        made += [False] * len(kept)
        found += chunk.new
        old += chunk.stood or [chunk.at] * len(chunk.new)
        made += [not chunk.stood and (chunk.end < chunk.start or n > 0) for n in range(len(chunk.new))]
        line = chunk.end + 1 if chunk.end >= chunk.start else chunk.start
    found += source[line - 1 :]
    old += range(line, len(source) + 1)
    made += [False] * (len(source) + 1 - line)
    return "\n".join(found), Lines(tuple(old), tuple(made))


def told(conversion: Conversion, lines: Mapping[str, Lines], before: Callable[[str], str | None]) -> Conversion:
    """The conversion in the lines of the texts as they are; `before` gives those texts."""

    def line_of(path: str, line: int) -> int:
        return lines[path].before(line) if path in lines else line

    def group_of(group: str) -> str:
        path, _, line = group.rpartition(":")
        return f"{path}:{line_of(path, int(line))}" if line.isdigit() else group

    def unit_of(ident: str) -> str:
        kind, _, place = ident.partition(":")
        return f"{kind}:{group_of(place)}"

    def finding(one: Finding) -> Finding:
        return dataclasses.replace(one, line=line_of(one.path, one.line))

    def unit(one: Unit) -> Unit:
        return dataclasses.replace(
            one,
            id=unit_of(one.id),
            group=group_of(one.group),
            line=line_of(one.path, one.line),
            findings=tuple(finding(f) for f in one.findings),
        )

    def model(one: ModelMap) -> ModelMap:
        legacy = one["legacy"]
        legacy = {**legacy, "line": line_of(legacy["path"], legacy["line"])}
        return {**one, "unit": unit_of(one["unit"]), "legacy": legacy}

    edits = [
        FileEdit(e.path, before(e.path), e.after, frozenset(group_of(group) for group in e.groups))
        for e in conversion.edits
        if before(e.path) != e.after
    ]
    ledger = conversion.ledger
    symbols = [
        dataclasses.replace(one, line=line_of(one.path, one.line))
        for one in ledger.symbols
        if one.path not in lines or not lines[one.path].is_made(one.line)
    ]
    told_ledger = Ledger(
        files_scanned=ledger.files_scanned,
        files_changed=len(edits),
        units=tuple(unit(one) for one in ledger.units),
        symbols=tuple(symbols),
        findings=tuple(finding(one) for one in ledger.findings),
        problems=ledger.problems,
    )
    return Conversion(tuple(edits), told_ledger, tuple(model(one) for one in conversion.models))


def asked(options: Options, places: Mapping[str, int], lines: Mapping[str, Lines]) -> Options:
    """The options in the lines of the new texts; `places`: group as told -> the new line that it is known by."""

    def group_of(group: str) -> str:
        path, _, line = group.rpartition(":")
        if group in places:
            return f"{path}:{places[group]}"
        return f"{path}:{lines[path].after(int(line))}" if path in lines and line.isdigit() else group

    return dataclasses.replace(options, excluded_groups=frozenset(map(group_of, options.excluded_groups)))


def indented(lines: Sequence[str], by: int) -> list[str]:
    """Lines moved to the right, or to the left as far as they can."""
    if by >= 0:
        return [" " * by + line if line.strip() else line for line in lines]
    return [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in lines]
