"""After a run: the report folder, the baseline, what is printed, and the exit code."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from migrator.report.leftovers import Leftover, baseline_text, beyond, leftovers, read_baseline
from migrator.session import Outcome, exit_code
from migrator.workspace.writing import write_whole


@dataclasses.dataclass(frozen=True)
class Wishes:
    """What shall be said about a run, and where."""

    form: str
    report: Path
    report_asked: bool
    """The folder was named: the report is written also for a dry run, and when there is nothing to report."""
    baseline: Path | None
    write_baseline: bool


def publish(outcome: Outcome, wishes: Wishes) -> int:
    """Writes and prints everything, and returns the exit code. Raises WorkspaceError."""
    left = leftovers(outcome.ledger, outcome.request.verify)
    new = _judged(left, wishes)
    ledger = outcome.ledger
    written = wishes.report_asked or bool(not outcome.dry and (ledger.units or ledger.symbols or ledger.problems))
    if written:
        from migrator.report.folder import write_report

        write_report(wishes.report, outcome)
    if outcome.request.mode == "diff":
        from migrator.report.patch import patch
        from migrator.workspace.landing import changes

        click.echo(patch(changes(outcome.project, outcome.edits)), nl=False)
    if wishes.form == "text":
        from migrator.report.terminal import summary

        stream = sys.stderr if outcome.request.mode == "diff" else sys.stdout
        summary(outcome, new, len(left) - len(new), wishes.report / "report.html" if written else None, stream)
    else:
        click.echo(_formatted(outcome, wishes.form), nl=False)
    return exit_code(outcome, bool(new))


def _judged(left: Sequence[Leftover], wishes: Wishes) -> Sequence[Leftover]:
    """The leftovers that count: those that no baseline accepts."""
    if wishes.baseline is None:
        return left
    if wishes.write_baseline:
        write_whole(wishes.baseline.absolute(), baseline_text(left).encode())
        return ()
    return beyond(read_baseline(wishes.baseline), left)


def _formatted(outcome: Outcome, form: str) -> str:
    from migrator.report.document import document, to_json

    if form == "json":
        return to_json(document(outcome.ledger))
    if form == "sarif":
        from migrator.report.sarif import sarif

        return to_json(sarif(outcome.ledger, outcome.request.verify))
    from migrator.report.github import github

    return github(outcome.ledger, outcome.request.verify)
