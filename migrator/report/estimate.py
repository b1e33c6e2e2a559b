"""`migrate PATH --estimate`: what could be converted and what not, by folder and by reason, before any edit."""

from __future__ import annotations

import dataclasses
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from migrator import __version__
from migrator.ledger import FileProblem, Status, Unit
from migrator.report.bars import bar
from migrator.report.document import TOOL
from migrator.report.reasons import MODELS, Reason, count, reasons
from migrator.report.terminal import LISTED, console_on, print_reasons
from migrator.session import Outcome

_STATUSES: tuple[Status, ...] = ("converted", "partial", "skipped")


@dataclasses.dataclass(frozen=True)
class Amounts:
    """How many would be converted, converted in part, or left as they are."""

    convertible: int
    partial: int
    blocked: int

    @property
    def total(self) -> int:
        return self.convertible + self.partial + self.blocked


@dataclasses.dataclass(frozen=True)
class Folder:
    """One folder with Estimator code, and the reason that blocks most in it."""

    path: str
    models: Amounts
    units: Amounts
    reason: str


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a run would do."""

    files_scanned: int
    models: Amounts
    units: Amounts
    folders: tuple[Folder, ...]
    reasons: tuple[Reason, ...]
    problems: tuple[FileProblem, ...]


def estimate(outcome: Outcome) -> Estimate:
    """The estimate from a dry run. Units outside the paths that were named do not count: they would stay anyway."""
    project, ledger = outcome.project, outcome.ledger
    units = [unit for unit in ledger.units if project.root in project.named or project.is_named(unit.path)]
    folders: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        folders[posixpath.dirname(unit.path) or "."].append(unit)
    return Estimate(
        ledger.files_scanned,
        _amounts(unit for unit in units if unit.kind in MODELS),
        _amounts(units),
        tuple(_folder(path, members) for path, members in sorted(folders.items())),
        reasons(units),
        tuple(problem for problem in ledger.problems if problem.kind != "empty"),
    )


def estimate_document(found: Estimate) -> dict[str, Any]:
    """The estimate as JSON data."""
    return {"estimate": 1, "tool": {"name": TOOL, "version": __version__}, **dataclasses.asdict(found)}


def print_estimate(found: Estimate, stream: IO[str]) -> None:
    """The estimate for people."""
    console = console_on(stream)
    if not found.units.total:
        console.print(Text(f"{count(found.files_scanned, 'file')} read; no Estimator code was found"))
        return _problems(console, found)
    if found.reasons:
        console.print(Text("what blocks (the first reason met in each; others may stand behind it)", "bold"))
        print_reasons(console, found.reasons, LISTED)
        console.print()
    console.print(Text("by folder", "bold"))
    shown = rolled_up(found.folders, LISTED)
    for folder in shown[:LISTED]:
        console.print(_line(console, folder))
    if len(shown) > LISTED:
        console.print(Text(f"  ... {len(shown) - LISTED:,} more folders; --format json has all", "dim"))
    _problems(console, found)
    console.print()
    console.print(Text(f"{count(found.files_scanned, 'file')} read, nothing written"))
    for title, amounts in (("model functions", found.models), ("all units", found.units)):
        text = Text.assemble((f"{title:16}", "bold"), _bar(console, amounts))
        percent = f" ({amounts.convertible / amounts.total:.0%})" if amounts.total else ""
        text.append(f"  {amounts.convertible:,} of {amounts.total:,} can be converted{percent}")
        console.print(text.append(f", {amounts.partial:,} in part" if amounts.partial else ""))


def rolled_up(folders: Sequence[Folder], most: int) -> list[Folder]:
    """The folders, those far down counted with the ones above them until there are not too many."""
    depth = max((folder.path.count("/") + 1 for folder in folders), default=1)
    while True:
        groups: dict[str, list[Folder]] = defaultdict(list)
        for folder in folders:
            groups["/".join(folder.path.split("/")[:depth])].append(folder)
        if len(groups) <= most or depth == 1:
            return [_united(path, members) for path, members in groups.items()]
        depth -= 1


def _united(path: str, members: Sequence[Folder]) -> Folder:
    blocked: Counter[str] = Counter()
    for folder in members:
        blocked[folder.reason] += folder.units.blocked + folder.units.partial
    models, units = (_sum(amounts) for amounts in zip(*((f.models, f.units) for f in members), strict=True))
    return Folder(path, models, units, blocked.most_common(1)[0][0])


def _sum(amounts: Iterable[Amounts]) -> Amounts:
    return Amounts(*map(sum, zip(*((a.convertible, a.partial, a.blocked) for a in amounts), strict=True)))


def _amounts(units: Iterable[Unit]) -> Amounts:
    counts = Counter(unit.status for unit in units)
    return Amounts(*(counts[status] for status in _STATUSES))


def _folder(path: str, units: list[Unit]) -> Folder:
    ranked = reasons(units)
    models = _amounts(unit for unit in units if unit.kind in MODELS)
    return Folder(path, models, _amounts(units), ranked[0].message if ranked else "")


def _line(console: Console, folder: Folder) -> Text:
    shown = folder.models if folder.models.total else folder.units
    noun = "model function" if folder.models.total else "other unit"
    text = Text.assemble("  ", _bar(console, shown, 10), f" {shown.convertible:>3} of ")
    text.append(f"{count(shown.total, noun):20}").append(folder.path, "cyan")
    return text.append(f"  {folder.reason}", "dim") if folder.reason and shown.total > shown.convertible else text


def _bar(console: Console, amounts: Amounts, width: int = 30) -> Text:
    parts = [(amounts.convertible, "green"), (amounts.partial, "yellow"), (amounts.blocked, "red")]
    return bar(console, parts, width)


def _problems(console: Console, found: Estimate) -> None:
    if found.problems:
        console.print(Text("\nfiles that could not be analysed", "bold"))
    for problem in found.problems[:LISTED]:
        console.print(Text.assemble("  ", (problem.path, "cyan"), f" {problem.kind}: {problem.message}"))
