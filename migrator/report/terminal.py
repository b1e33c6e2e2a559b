"""The summary that a person sees when the run is over: what is left first, the totals last, where the eye is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from migrator.ledger import Unit, Verification
from migrator.report.bars import bar, mark
from migrator.report.leftovers import Leftover, why
from migrator.report.reasons import LeftSymbols, Reason, count, left_symbols, reasons
from migrator.session import Outcome

LISTED = 40  # of each list; the report has all of it
RANKED = 15  # reasons
FEW = 12  # groups that were skipped: up to so many each is told, from there on their reasons are
NAMED = 8  # files with legacy names left that are told one by one


def console_on(stream: IO[str]) -> Console:
    """A console that writes one line for one thing, however narrow the terminal."""
    return Console(file=stream, highlight=False, soft_wrap=True)


def summary(outcome: Outcome, new: Sequence[Leftover], known: int, report: Path | None, stream: IO[str]) -> None:
    """Prints every unit, what is left, totals and where the report is. `known`: leftovers that the baseline accepts."""
    console = console_on(stream)
    done = [unit for unit in outcome.ledger.units if unit.status == "converted"]
    _done(console, done)
    _not_done(console, [unit for unit in outcome.ledger.units if unit.status != "converted"])
    _left(console, outcome, new)
    for problem in outcome.ledger.problems:
        if problem.kind == "empty":
            console.print(Text.assemble(("  " + problem.path, "cyan"), f": {problem.message}"))
    if outcome.ledger.units or new:
        console.print()
    _totals(console, outcome, done)
    if known:
        console.print(Text(f"{count(known, 'leftover is', 'leftovers are')} in the baseline"))
    if outcome.edits and outcome.request.mode == "write":
        console.print(Text(f"take it back with: migrate undo {outcome.project.root}"))
    if outcome.request.mode == "output":
        console.print(Text(f"the migrated copy: {outcome.request.output}"))
    if report is not None:
        console.print(Text(f"report: {report}"))


def verifications(found: Mapping[str, Verification], stream: IO[str]) -> None:
    """Prints the evidence about each unit of a pair of programs."""
    console = console_on(stream)
    for unit, proof in found.items():
        colour = "green" if proof.status == "verified" else "red" if proof.status == "failed" else "yellow"
        where = f" on {proof.runtime}" if proof.runtime else ""
        reason = f": {proof.reason}" if proof.reason else ""
        console.print(Text.assemble((proof.status.replace("_", " "), colour), f" {unit}{where}{reason}"))
        for evidence in proof.evidence:
            verdict = "proves nothing" if evidence.ok is None else "ok" if evidence.ok else "failed"
            numbers = f"abs {_number(evidence.max_abs_diff)} rel {_number(evidence.max_rel_diff)}"
            note = f" ({evidence.note})" if evidence.note else ""
            console.print(Text(f"  {evidence.check:24} {numbers} tolerance {evidence.tolerance:.0e} {verdict}{note}"))
    if not found:
        console.print(Text("no model was reached in the legacy program", "yellow"))


def print_reasons(console: Console, ranked: Sequence[Reason], listed: int = RANKED) -> None:
    """The reasons, most weighty first, each with the number of what it holds back and where it was met first."""
    if ranked:
        console.print(Text(f"{'model_fns':>10} {'units':>6}  reason", "dim"))
    for reason in ranked[:listed]:
        line = Text.assemble((f"{reason.model_fns:>10,}", "bold"), f" {reason.units:>6,}  {reason.message} ")
        console.print(line.append(f"({reason.path}:{reason.line})", "cyan"))
    _more(console, len(ranked), "reasons", listed)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


def _done(console: Console, units: Sequence[Unit]) -> None:
    place = max((len(f"{unit.path}:{unit.line}") for unit in units[:LISTED]), default=0)
    for unit in units[:LISTED]:
        text = Text.assemble(mark(console, unit.status), " ", (f"{unit.path}:{unit.line}".ljust(place), "cyan"))
        text.append(f"  {unit.kind} {unit.name}")
        if unit.target is not None:
            text.append(f" -> {unit.target.name}", "bold").append(f" ({unit.target.style}, {unit.level})")
        proof = unit.verification
        if proof.status == "verified":
            text.append(f"  verified on {proof.runtime}" if proof.runtime else "  verified", "green")
        elif proof.status == "failed":
            text.append(f"  verification failed: {proof.reason}", "red")
        console.print(text)
    _more(console, len(units), "converted units")


def _not_done(console: Console, units: Sequence[Unit]) -> None:
    groups: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in units:
        groups[unit.group, unit.status].append(unit)
    if len(groups) > FEW:
        console.print(Text(f"\nnot converted: {count(len(units), 'unit')} in {count(len(groups), 'group')}", "bold"))
        print_reasons(console, reasons(units))
        return
    for (_, status), members in groups.items():
        first = members[0]
        text = Text.assemble(mark(console, status), " ", (f"{first.path}:{first.line}", "cyan"))
        text.append(f"  {first.kind} {first.name}")
        if len(members) > 1:
            text.append(f" and {count(len(members) - 1, 'unit')} with it")
        console.print(text.append(" partial" if status == "partial" else ""))
        for reason in dict.fromkeys(map(why, members)):
            console.print(Text(f"    {reason}"))


def _left(console: Console, outcome: Outcome, new: Sequence[Leftover]) -> None:
    """What is left beside the units: findings and problems one by one, legacy names by file and reason."""
    ledger = outcome.ledger
    told = {(unit.path, f"{unit.kind} {unit.name}") for unit in ledger.units}
    told |= {(symbol.path, symbol.name) for symbol in ledger.symbols}
    others = [leftover for leftover in new if (leftover.path, leftover.what) not in told]
    causes = {finding.message for unit in ledger.units for finding in unit.findings}
    names = {(leftover.path, leftover.what) for leftover in new}
    symbols = [left for left in left_symbols(ledger) if any((left.path, name) in names for name in left.names)]
    beside = [left for left in symbols if left.reason not in causes]
    if others or beside:
        console.print(Text("\nleft to do" + (", beside the units" if ledger.units else ""), "bold"))
    for leftover in others[:LISTED]:
        place = f"{leftover.path}:{leftover.line}" if leftover.line else leftover.path
        console.print(Text.assemble("  ", (place, "cyan"), f" {leftover.what}: {leftover.reason}"))
    _more(console, len(others), "things left")
    if len(beside) <= NAMED:
        for left in beside:
            console.print(_names(left))
    else:
        _often(console, outcome, beside)


def _names(left: LeftSymbols) -> Text:
    more = f" and {len(left.names) - 3} more" if len(left.names) > 3 else ""
    text = Text.assemble("  ", (f"{left.path}:{left.lines[0]}", "cyan"), f" {', '.join(left.names[:3])}{more}")
    return text.append(f": {left.reason or left.status}")


def _often(console: Console, outcome: Outcome, beside: Sequence[LeftSymbols]) -> None:
    """The legacy names that are left, those that occur most first."""
    places = {(left.path, left.status, left.reason) for left in beside}
    kept = [symbol for symbol in outcome.ledger.symbols if (symbol.path, symbol.status, symbol.reason) in places]
    names = Counter(symbol.name for symbol in kept)
    files = len({left.path for left in beside})
    console.print(Text(f"  {count(len(kept), 'legacy name')} in {count(files, 'file')}, most often:"))
    for name, often in names.most_common(NAMED):
        console.print(Text.assemble((f"{often:>10,}", "bold"), f"  {name}"))
    _more(console, len(names), "names", NAMED)


def _totals(console: Console, outcome: Outcome, done: Sequence[Unit]) -> None:
    ledger = outcome.ledger
    verb = "would change" if outcome.dry else "changed"
    files = f"{ledger.files_scanned:,} read, {ledger.files_changed:,} {verb}"
    console.print(Text.assemble(("files    ", "bold"), files))
    units = Counter[str](unit.status for unit in ledger.units)
    colours = {"converted": "green", "partial": "yellow", "skipped": "red"}
    _share(console, "units", {status: (units[status], colour) for status, colour in colours.items()})
    if outcome.request.verify:
        proofs = Counter(unit.verification.status for unit in done)
        held = sum(any(f.rule == "verification" for f in unit.findings) for unit in ledger.units)
        parts = {
            "verified": (proofs["verified"], "green"),
            "written without proof (--write-unverified)": (proofs["not_run"], "yellow"),
            "not written because not proven": (held, "red"),
        }
        _share(console, "proof", parts)
    if ledger.symbols:
        symbols = Counter[str](symbol.status for symbol in ledger.symbols)
        shown = {"converted": "green", "manual": "yellow", "unknown": "red", "ignored": "dim"}
        _share(console, "symbols", {status: (symbols[status], shown[status]) for status in shown})


def _share(console: Console, title: str, parts: Mapping[str, tuple[int, str]]) -> None:
    """One line of the totals. The first part is always named, the others where they are not nothing."""
    text = Text.assemble((title.ljust(9), "bold"), bar(console, list(parts.values())), " ")
    for number, (name, (amount, colour)) in enumerate(parts.items()):
        if amount or not number:
            text.append(", " if number else " ").append(f"{amount:,} {name}", colour if amount else "")
    console.print(text)


def _more(console: Console, total: int, what: str, listed: int = LISTED) -> None:
    if total > listed:
        console.print(Text(f"  ... {total - listed:,} more {what}, see the report", "dim"))
