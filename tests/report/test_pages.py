"""The HTML and Markdown reports."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from migrator.ledger import Ledger
from migrator.report import snippets
from migrator.report.pages import Comparison, Line, comparison, html, markdown

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
    assert "http" not in PAGE


def test_every_unit_is_there_with_its_status_for_the_filter() -> None:
    units = [attributes for tag, attributes in OUTLINE.elements if attributes.get("class") == "unit"]
    assert [unit["data-status"] for unit in units] == ["converted", "converted", "skipped", "partial"]
    assert [unit["data-proof"] for unit in units] == ["verified", "not_run", "failed", "not_run"]
    buttons = {attributes.get("data-show") for tag, attributes in OUTLINE.elements if tag == "button"}
    assert buttons == {"all", "converted", "partial", "skipped", "failed", "not_run"}
    for shown in buttons - {"all"}:
        assert f"body[data-show={shown}]" in PAGE


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
        "forward 1.50e-07 2.00e-07 1.00e-05 ok",
        "metrics – – 1.00e-05 proves nothing nothing moved",
        "the difference is not finite",
        "tensorflow==1.15 in requirements.txt",
        "two.py Python 2 code",
        "other.py:6 tensorflow.py_func manual runs Python",
    ):
        assert part in text, part


def test_it_is_readable_on_a_phone_and_in_print() -> None:
    assert '<meta name="viewport"' in PAGE
    assert "@media (max-width" in PAGE
    assert "@media print" in PAGE


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
    import dataclasses

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
    assert "| 8 | info | summary | tf.summary.scalar was dropped \\| not needed |" in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = block.splitlines()
        columns = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(columns) == 1, block
        assert re.fullmatch(r"\|(?:---\|)+", rows[1])
