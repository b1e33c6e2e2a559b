"""After a run: the report folder, the baseline, what is printed, and the exit code."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from migrator.dependencies.pins import RULE as PINS
from migrator.report.leftovers import Leftover, baseline_text, beyond, leftovers, read_baseline
from migrator.session import Outcome, exit_code
from migrator.workspace.discovery import STATE_FOLDER
from migrator.workspace.journal import own_folder
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
    estimate: bool = False
    """Say what could be converted, and no more: only a fault is an exit code of its own."""


def publish(outcome: Outcome, wishes: Wishes) -> int:
    """Writes and prints everything, and returns the exit code. Raises WorkspaceError."""
    left = [item for item in leftovers(outcome.ledger, outcome.request.verify) if _asked_about(outcome, item)]
    new = _judged(left, wishes)
    ledger = outcome.ledger
    written = wishes.report_asked or bool(not outcome.dry and (ledger.units or ledger.symbols or ledger.problems))
    if written:
        from migrator.report.folder import write_report

        if STATE_FOLDER in wishes.report.parts:
            own_folder(outcome.project.root)  # which git does not list
        write_report(wishes.report, outcome)
    if wishes.estimate:
        return _estimated(outcome, wishes)
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


def _estimated(outcome: Outcome, wishes: Wishes) -> int:
    from migrator.report.document import to_json
    from migrator.report.estimate import estimate, estimate_document, print_estimate

    found = estimate(outcome)
    if wishes.form == "json":
        click.echo(to_json(estimate_document(found)), nl=False)
    else:
        print_estimate(found, sys.stdout)
    return 2 if exit_code(outcome, False) == 2 else 0


def _asked_about(outcome: Outcome, left: Leftover) -> bool:
    """Code that was only read, to understand what was named, is not what is left of a run on the named paths."""
    only_read = left.path in outcome.texts and not outcome.project.is_named(left.path)
    return not only_read or left.what == PINS


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
