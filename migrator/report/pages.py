"""The report for people: one self-contained HTML page and one Markdown file, from the same view of a run."""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import re
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from migrator.ledger import Finding, Ledger, Unit
from migrator.report import snippets
from migrator.report.curves import plot
from migrator.report.document import document
from migrator.report.explain import CHECKS, explain
from migrator.report.highlight import html_lines, style_sheet
from migrator.report.reasons import LeftSymbols, count, left_symbols, reasons
from migrator.session import Outcome

KINDS = {
    "model_fn": "model function",
    "canned_estimator": "canned estimator",
    "input_fn": "input function",
    "training_loop": "training loop",
    "hook": "hook",
    "export": "export",
    "checkpoint": "checkpoint",
}
MARKDOWN_LIMIT = 60_000  # characters: code hosts refuse comments of more than 65,536


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
    units = outcome.ledger.units
    return (
        _templates()
        .get_template("report.html.j2")
        .render(
            **view,
            comparisons={unit.id: comparison(unit, outcome) for unit in units},
            plots={unit.id: plot(unit.verification) for unit in units},
            light_style=style_sheet("default", ".code"),
            dark_style=style_sheet("github-dark", ".code"),
        )
    )


def markdown(outcome: Outcome) -> str:
    """The Markdown report, for a pull request or a wiki: with all details, or only as much as a comment can hold."""
    template = _templates().get_template("report.md.j2")
    view = _view(outcome)
    for listed in (None, 100, 30, 10, 3):
        text = template.render(**view, listed=listed)
        if len(text) <= MARKDOWN_LIMIT:
            break
    return text


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


def verdict(outcome: Outcome) -> str:
    """The run in one sentence."""
    units = outcome.ledger.units
    if not units:
        return "No Estimator code was found."
    counts = collections.Counter(unit.status for unit in units)
    verb = "can be converted" if outcome.dry else "converted"
    text = f"{counts['converted']:,} of {count(len(units), 'unit')} {verb}"
    if outcome.request.verify:
        proof = _proof(outcome.ledger)
        all_of_them = proof["verified"] == counts["converted"] > 0
        text += ", all verified" if all_of_them else f", {proof['verified']:,} of them verified"
    left = counts["partial"] + counts["skipped"]
    return text + (f"; {left:,} left for a person." if left else ".")


def _place(span: snippets.Span) -> str:
    return f"{span.path}:{span.first}-{span.last}"


def _view(outcome: Outcome) -> dict[str, Any]:
    ledger = outcome.ledger
    return {
        "report": document(ledger),
        "dry": outcome.dry,
        "root": outcome.project.root.name,
        "verify_asked": outcome.request.verify,
        "verdict": verdict(outcome),
        "proof": _proof(ledger),
        "reasons": reasons(ledger.units),
        "places": {unit.id: [f"{found.path}:{found.line}" for found in unit.findings] for unit in ledger.units},
        "repeated": _repeated(ledger),
        "edits": [(edit.path, edit.before is None) for edit in outcome.edits],
        "left_symbols": left_symbols(ledger),
    }


def _repeated(ledger: Ledger) -> set[str]:
    """The units whose findings were all told with an earlier unit of their group."""
    told: set[tuple[str, tuple[Finding, ...]]] = set()
    found = set()
    for unit in ledger.units:
        if unit.findings and (unit.group, unit.findings) in told:
            found.add(unit.id)
        told.add((unit.group, unit.findings))
    return found


def _proof(ledger: Ledger) -> dict[str, int]:
    """How the converted units stand: verified, failed, not run."""
    counts = {"verified": 0, "failed": 0, "not_run": 0}
    for unit in ledger.units:
        if unit.status != "skipped" or unit.verification.status == "failed":
            counts[unit.verification.status] += 1
    return counts


def _spread(left: LeftSymbols) -> str:
    """The lines of names that are left, shortened where they are many."""
    shown = ", ".join(map(str, left.lines[:6]))
    return shown + (f", … {left.lines[-1]}" if len(left.lines) > 6 else "")


def _more(items: Sequence[object], listed: int | None) -> str:
    """What is said below a list that was cut, in Markdown."""
    left = len(items) - listed if listed is not None else 0
    return f"\n… and {left:,} more in report.html.\n" if left > 0 else ""


def _difference(value: float | None) -> str:
    return "–" if value is None else "0" if value == 0 else f"{value:.1e}"


@functools.lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("migrator.report"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["difference"] = _difference
    environment.filters["cell"] = _cell
    environment.filters["line"] = lambda text: escape(" ".join(str(text).split()).replace("@", "@\u200b"))
    environment.filters["prose"] = _prose
    environment.filters["ticked"] = _ticked
    environment.filters["spread"] = _spread
    environment.globals.update(explain=explain, CHECKS=CHECKS, KINDS=KINDS, more=_more)
    return environment


_SPECIAL = re.compile(r"([\\`*\[\]<>#|~]|(?<!\w)_|_(?!\w))")


def _cell(text: object) -> str:
    """A message as Markdown of one line, also within a table: names in backticks as code, the rest as nothing but text.

    A mention of somebody is none.
    """
    parts = _spans(" ".join(str(text).split()))
    shown = [_ticked(part) if code else _SPECIAL.sub(r"\\\1", part).replace("@", "@\u200b") for part, code in parts]
    return "".join(shown)


def _prose(text: object) -> Markup:
    """A message as HTML: names in backticks as code."""
    parts = (Markup("<code>{}</code>").format(part) if code else escape(part) for part, code in _spans(str(text)))
    return Markup("").join(parts)


def _spans(text: str) -> list[tuple[str, bool]]:
    """The parts of a message, and whether each stood in backticks; odd backticks are text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return [(text, False)]
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _ticked(text: object) -> str:
    """Text as inline code, within a table too: fenced by more backticks than it holds."""
    said = " ".join(str(text).split()).replace("|", "\\|")
    longest = max((len(list(run)) for sign, run in itertools.groupby(said) if sign == "`"), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {said} {fence}" if longest else f"{fence}{said}{fence}"
