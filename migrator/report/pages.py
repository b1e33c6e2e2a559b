"""The report for people: one self-contained HTML page and one Markdown file, from the same view of a run."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrator.ledger import Ledger, Unit
from migrator.report import snippets
from migrator.report.document import document
from migrator.report.explain import explain
from migrator.report.highlight import html_lines, style_sheet
from migrator.session import Outcome


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of a side-by-side view: numbers and highlighted code of both sides."""

    left_number: int | None
    left: str
    right_number: int | None
    right: str
    changed: bool


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The code of a unit before and after."""

    before: str
    after: str
    stretches: tuple[tuple[Line, ...], ...]
    """Lines that changed and lines that did not, in turns."""


def html(outcome: Outcome) -> str:
    """The HTML report: needs no other file and no network."""
    view = _view(outcome)
    comparisons = {unit.id: comparison(unit, outcome) for unit in outcome.ledger.units}
    light = style_sheet("default", ".code")
    dark = style_sheet("github-dark", ".code")
    return (
        _templates()
        .get_template("report.html.j2")
        .render(**view, comparisons=comparisons, light_style=light, dark_style=dark)
    )


def markdown(outcome: Outcome) -> str:
    """The Markdown report, for a pull request or a wiki."""
    return _templates().get_template("report.md.j2").render(**_view(outcome))


def comparison(unit: Unit, outcome: Outcome) -> Comparison | None:
    """The unit's code side by side; None when its legacy source is not at hand."""
    before = snippets.before_span(unit, outcome.texts)
    if before is None:
        return None
    old_text = outcome.texts[before.path]
    old = snippets.lines_of(old_text, before)
    after = snippets.after_span(unit, before, outcome.edits) if unit.status != "skipped" else None
    if after is None:
        rows = [snippets.Row(before.first + step, None, False) for step in range(len(old))]
        new_text = ""
    else:
        new_text = next(edit.after for edit in outcome.edits if edit.path == after.path)
        rows = snippets.rows(old, snippets.lines_of(new_text, after), before.first, after.first)
    left, right = ("", *html_lines(old_text)), ("", *html_lines(new_text))
    lines = tuple(Line(row.left, left[row.left or 0], row.right, right[row.right or 0], row.changed) for row in rows)
    stretches = tuple(tuple(stretch) for _, stretch in itertools.groupby(lines, key=lambda line: line.changed))
    return Comparison(_place(before), "" if after is None else _place(after), stretches)


def _place(span: snippets.Span) -> str:
    return f"{span.path}:{span.first}-{span.last}"


def _view(outcome: Outcome) -> dict[str, Any]:
    ledger = outcome.ledger
    return {
        "report": document(ledger),
        "dry": outcome.dry,
        "root": outcome.project.root.name,
        "verify_asked": outcome.request.verify,
        "proof": _proof(ledger),
        "left_symbols": [symbol for symbol in ledger.symbols if symbol.status in ("manual", "unknown")],
    }


def _proof(ledger: Ledger) -> dict[str, int]:
    """How the converted units stand: verified, failed, not run."""
    counts = {"verified": 0, "failed": 0, "not_run": 0}
    for unit in ledger.units:
        if unit.status != "skipped":
            counts[unit.verification.status] += 1
    return counts


@functools.lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("migrator.report"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["difference"] = lambda value: "–" if value is None else f"{value:.2e}"
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|").replace("\n", " ")
    environment.globals["explain"] = explain
    return environment
