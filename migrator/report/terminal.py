"""The summary that a person sees when the run is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.text import Text

from migrator.ledger import Status, Unit, Verification
from migrator.report.leftovers import Leftover, why
from migrator.session import Outcome

LISTED = 40  # of each list; the report has all of it
_STYLES: dict[Status, str] = {"converted": "green", "partial": "yellow", "skipped": "red"}


def summary(outcome: Outcome, new: Sequence[Leftover], known: int, report: Path | None, stream: IO[str]) -> None:
    """Prints totals, every unit, what is left and where the report is. `known`: leftovers that the baseline accepts."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    ledger = outcome.ledger
    for unit in ledger.units[:LISTED]:
        console.print(_unit(unit))
    _more(console, len(ledger.units), "units")
    of_units = {(unit.path, f"{unit.kind} {unit.name}") for unit in ledger.units}
    others = [leftover for leftover in new if (leftover.path, leftover.what) not in of_units]
    if others:
        console.print(Text("left to do:", "bold"))
    for leftover in others[:LISTED]:
        place = f"{leftover.path}:{leftover.line}" if leftover.line else leftover.path
        console.print(Text.assemble("  ", (place, "cyan"), f" {leftover.what}: {leftover.reason}"))
    _more(console, len(others), "things left")
    for problem in ledger.problems:
        if problem.kind == "empty":
            console.print(Text.assemble(("  " + problem.path, "cyan"), f": {problem.message}"))
    console.print(_totals(outcome))
    if outcome.request.verify:
        console.print(_proof(outcome))
    if known:
        console.print(Text(f"{known} leftovers are in the baseline"))
    if outcome.edits and outcome.request.mode == "write":
        console.print(Text(f"take it back with: migrate undo {outcome.project.root}"))
    if outcome.request.mode == "output":
        console.print(Text(f"the migrated copy: {outcome.request.output}"))
    if report is not None:
        console.print(Text(f"report: {report}"))


def verifications(found: Mapping[str, Verification], stream: IO[str]) -> None:
    """Prints the evidence about each unit of a pair of programs."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
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


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


def _unit(unit: Unit) -> Text:
    text = Text.assemble((unit.status.ljust(10), _STYLES[unit.status]), (f"{unit.path}:{unit.line}", "cyan"))
    text.append(f" {unit.kind} {unit.name}")
    if unit.target is not None:
        text.append(f" -> {unit.target.name} ({unit.target.style}, {unit.level})")
    if unit.status != "converted":
        text.append(f": {why(unit)}")
    elif unit.verification.status == "verified":
        text.append(f" verified on {unit.verification.runtime}" if unit.verification.runtime else " verified", "green")
    elif unit.verification.status == "failed":
        text.append(f" verification failed: {unit.verification.reason}", "red")
    return text


def _totals(outcome: Outcome) -> Text:
    ledger = outcome.ledger
    counts = Counter(unit.status for unit in ledger.units)
    verb = "would change" if outcome.dry else "changed"
    text = Text(f"{ledger.files_scanned} files read, {ledger.files_changed} {verb}; units: ", "bold")
    text.append(", ".join(f"{counts[status]} {status}" for status in _STYLES))
    symbols = Counter(symbol.status for symbol in ledger.symbols)
    if ledger.symbols:
        parts = ", ".join(f"{symbols[status]} {status}" for status in ("converted", "manual", "unknown", "ignored"))
        text.append(f"; {len(ledger.symbols)} legacy symbols: {parts}")
    return text


def _proof(outcome: Outcome) -> Text:
    converted = [unit for unit in outcome.ledger.units if unit.status == "converted"]
    proofs = Counter(unit.verification.status for unit in converted)
    text = Text(f"verification: {proofs['verified']} of {len(converted)} converted units verified")
    if proofs["not_run"]:
        text.append(f", {proofs['not_run']} written without proof (--write-unverified)", "yellow")
    held = sum(any(f.rule == "verification" for f in unit.findings) for unit in outcome.ledger.units)
    if held:
        text.append(f", {held} not written because they are not proven", "red")
    return text


def _more(console: Console, total: int, what: str) -> None:
    if total > LISTED:
        console.print(Text(f"  ... {total - LISTED} more {what}, see the report", "dim"))
