"""The HTML and Markdown reports."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from migrator.conversion import FileEdit
from migrator.ledger import (
    Evidence,
    FileProblem,
    Finding,
    Ledger,
    LossCurve,
    Symbol,
    Target,
    Unit,
    Verification,
)
from migrator.report import snippets
from migrator.report.curves import plot
from migrator.report.pages import Comparison, Line, comparison, html, markdown
from migrator.session import Outcome

from .runs import KERAS, LEGACY, UNITS, run_of

VOID = {"meta", "col", "br", "link", "img", "input", "hr"}


class Outline(HTMLParser):
    """The elements of a page with their attributes and text; fails on elements that are not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


PAGE = html(run_of())
OUTLINE = Outline(PAGE)


def test_the_page_needs_nothing_else() -> None:
    for tag, attributes in OUTLINE.elements:
        assert tag not in ("link", "img", "iframe")
        assert "src" not in attributes
        assert "href" not in attributes
    assert "url(" not in PAGE
    assert "://" not in PAGE
    assert "default-src 'none'" in PAGE


def test_every_unit_is_there_with_its_status_for_the_filter() -> None:
    units = [attributes for tag, attributes in OUTLINE.elements if attributes.get("class") == "unit"]
    assert [unit["data-status"] for unit in units] == ["converted", "converted", "skipped", "partial"]
    assert [unit["data-proof"] for unit in units] == ["verified", "not_run", "failed", "not_run"]
    buttons = {attributes.get("data-show") for tag, attributes in OUTLINE.elements if tag == "button"}
    assert buttons == {"all", "converted", "partial", "skipped", "verified", "failed", "not_run"}


def test_names_and_code_cannot_break_the_page() -> None:
    assert "<script>alert" not in PAGE
    assert "<script>alert(1)</script>" in OUTLINE.text
    assert "<b>a comment" not in PAGE


def test_totals_findings_evidence_and_problems_are_told() -> None:
    text = re.sub(r"\s+", " ", OUTLINE.text)
    for part in (
        "12 files read",
        "tf.summary.scalar was dropped",
        "only groups that were shown to compute the same numbers are written",
        "2 of 4 units converted, 1 of them verified; 2 left for a person.",
        "forward What the model returns is a tensor of the legacy graph. ✓ ok 1.5e-07 2.0e-07 1.0e-05",
        "metrics What evaluation reports over all batches. proves nothing nothing moved",
        "the difference is not finite",
        "tensorflow==1.15 in requirements.txt",
        "two.py Python 2 code",
        "other.py 6 tensorflow.py_func manual runs Python",
        "1 1 no Keras twin helper.py:3",
    ):
        assert part in text, part


def test_both_loss_curves_are_drawn_over_each_other() -> None:
    curves = [attributes for tag, attributes in OUTLINE.elements if tag == "path"]
    assert [curve["class"] for curve in curves] == ["was", "is"]
    steps = [re.sub("[^ML]", "", str(curve["d"])) for curve in curves]
    assert steps == ["MLM", "MLLL"]  # one legacy loss is not a number: there is a gap
    assert "largest distance 2.5e-01; without a finite loss on both sides: 1 step" in OUTLINE.text


def test_a_curve_spans_the_drawing_from_the_first_step_to_the_last() -> None:
    drawn = plot(Verification("verified", evidence=(Evidence("loss", 0, 0, 0, True, "", LossCurve((4, 2), (4, 3))),)))
    assert drawn is not None
    assert drawn.legacy == "M64.0,12.0 L628.0,208.0"
    assert drawn.migrated == "M64.0,12.0 L628.0,110.0"
    assert [tick.label for tick in drawn.steps] == ["1", "2"]
    assert [tick.label for tick in drawn.losses] == ["2", "2.5", "3", "3.5", "4"]


@pytest.mark.parametrize("losses", [(), (1.0,), (float("nan"), float("inf"))])
def test_nothing_is_drawn_of_too_few_numbers(losses: tuple[float, ...]) -> None:
    curve = LossCurve(losses, losses)
    assert plot(Verification("verified", evidence=(Evidence("loss", 0, 0, 0, True, "", curve),))) is None


def test_a_loss_that_stays_is_a_level_line() -> None:
    drawn = plot(Verification("verified", evidence=(Evidence("loss", 0, 0, 0, True, "", LossCurve((0, 0), (0, 0))),)))
    assert drawn is not None
    assert drawn.legacy == drawn.migrated == "M64.0,110.0 L628.0,110.0"
    assert drawn.note == "no distance at any step"


HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{7*7}}`<b>`|\n# head @someone"


def hostile() -> Outcome:
    """A run in which every text that comes from a program is an attack on the page."""
    finding = Finding(HOSTILE, "error", HOSTILE, 1, HOSTILE)
    proof = Verification("failed", HOSTILE, HOSTILE, (Evidence(HOSTILE, 1.0, 1.0, 0.1, False, HOSTILE),))
    target = Target(HOSTILE, HOSTILE, HOSTILE)
    unit = Unit(HOSTILE, HOSTILE, "model_fn", HOSTILE, 1, HOSTILE, "converted", "exact", target, (finding,), proof)
    left = dataclasses.replace(unit, id="left", status="skipped")
    ledger = Ledger(
        units=(unit, left),
        symbols=(Symbol(HOSTILE, 1, HOSTILE, "manual", HOSTILE),),
        findings=(finding,),
        problems=(FileProblem(HOSTILE, "fault", HOSTILE),),
    )
    text = f"x = 1  # {HOSTILE}"
    edits = (FileEdit(HOSTILE, text, text + " more", frozenset({HOSTILE})),)
    return dataclasses.replace(run_of(ledger, root=Path("/<b>&")), edits=edits, texts={HOSTILE: text})


def test_no_text_of_a_program_becomes_markup_of_the_page() -> None:
    page = html(hostile())
    outline = Outline(page)
    assert not [tag for tag, _ in outline.elements if tag in ("img", "b>")]
    assert sum(tag == "script" for tag, _ in outline.elements) == 1
    assert not [name for _, attributes in outline.elements for name in attributes if name.startswith("on")]
    assert "49" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


def test_no_text_of_a_program_becomes_markup_of_the_markdown() -> None:
    text = markdown(hostile())
    outside_of_code = re.sub(r"(`+).*?\1", "", text)
    assert "<img" not in outside_of_code.replace("\\<", "")
    assert "@someone" not in outside_of_code
    assert not re.search(r"^# head", text, re.M)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block.splitlines()}) == 1, block
    assert len(rows) > 10


def test_markdown_fits_in_a_comment_and_says_what_was_left_out() -> None:
    units = tuple(dataclasses.replace(UNITS[2], id=f"u{n}", name=f"name{n}" * 9) for n in range(2000))
    text = markdown(run_of(Ledger(units=units)))
    assert len(text) < 65_536
    assert "more in report.html" in text
    assert markdown(run_of()).count("more in report.html") == 0


def test_the_findings_of_a_group_are_told_once() -> None:
    again = dataclasses.replace(UNITS[0], id="again", kind="training_loop")
    page = html(run_of(Ledger(units=(UNITS[0], again))))
    assert page.count("tf.summary.scalar was dropped") == 1
    assert "The findings are those of its group, told above." in page


def test_an_empty_run_has_a_page() -> None:
    assert "No Estimator code was found" in Outline(html(run_of(Ledger()))).text
    assert markdown(run_of(Ledger())).startswith("# Migration report")


def shown_lines(shown: Comparison) -> list[Line]:
    return [line for stretch in shown.stretches for line in stretch]


def test_a_model_stands_beside_the_class_that_it_became() -> None:
    shown = comparison(UNITS[0], run_of())
    assert shown is not None
    assert (shown.before, shown.after) == ("train.py:6-9", "train.py:6-12")
    plain = [
        (
            line.left_number,
            re.sub("<.*?>", "", line.left),
            line.right_number,
            re.sub("<.*?>", "", line.right),
            line.changed,
        )
        for line in shown_lines(shown)
    ]
    assert plain[1] == (7, "    # &lt;b&gt;a comment&lt;/b&gt;", 7, "    # &lt;b&gt;a comment&lt;/b&gt;", False)
    assert plain[0][1].startswith("def model_fn")
    assert plain[0][3].startswith("class Model")
    assert {line[0] for line in plain} - {None} == set(range(6, 10))
    assert {line[2] for line in plain} - {None} == set(range(6, 13))


def test_a_unit_without_a_target_stands_beside_what_took_its_place() -> None:
    shown = comparison(UNITS[1], run_of())
    assert shown is not None
    assert shown.before == "train.py:17-17"
    assert "fit" in "".join(line.right for line in shown_lines(shown))


def test_a_skipped_unit_shows_its_legacy_code_only() -> None:
    shown = comparison(dataclasses.replace(UNITS[0], status="skipped", target=None), run_of())
    assert shown is not None
    assert shown.after == ""
    assert [line.left_number for line in shown_lines(shown)] == [6, 7, 8, 9]


def test_rows_hold_every_line_once_and_in_order() -> None:
    old, new = LEGACY.split("\n"), KERAS.split("\n")
    rows = snippets.rows(old, new, 1, 1)
    assert [row.left for row in rows if row.left] == list(range(1, len(old) + 1))
    assert [row.right for row in rows if row.right] == list(range(1, len(new) + 1))
    for row in rows:
        if not row.changed:
            assert row.left and row.right and old[row.left - 1] == new[row.right - 1]


def test_markdown_tables_are_tables() -> None:
    text = markdown(run_of())
    assert "| `train.py:8` | info | summary | tf.summary.scalar was dropped \\| not needed |" in text
    assert "| `helper.py:3` | warning | custom-op | helper.py:3: no Keras twin |" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = block.splitlines()
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(columns) == 1, block
        assert re.fullmatch(r"\|(?:---\|)+", rows[1])
