"""The HTML report in a real browser: the filter, no request, no overflow, print."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from migrator.conversion import FileEdit
from migrator.ledger import Ledger, Target
from migrator.report.pages import html

from . import browser
from .runs import LEDGER, UNITS, run_of
from .test_pages import hostile

CHROMIUM = browser.find()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium is installed (looked for {', '.join(browser.NAMES)})"),
]
LONG = "deeply/" * 30 + "nested_module_of_a_very_large_project.py"
WIDE = "value = " + "_".join(["a_name_without_a_place_to_break"] * 12) + "(1)\n"


def wide_page() -> str:
    """A report in which everything that can be long is long."""
    unit = dataclasses.replace(
        UNITS[0], path=LONG, line=1, name="f" * 300, group=LONG, target=Target(LONG, "Model" * 60, "subclass")
    )
    outcome = run_of(dataclasses.replace(LEDGER, units=(unit, *UNITS)))
    edit = FileEdit(LONG, WIDE, WIDE.replace("value", "other"), frozenset({LONG}))
    return html(dataclasses.replace(outcome, edits=(*outcome.edits, edit), texts={**outcome.texts, LONG: WIDE}))


def ask(folder: Path, page: str, probe: str, address: str = "", width: int = 0) -> object:
    assert CHROMIUM is not None
    return browser.ask(CHROMIUM, folder, page, probe, address, width)


SHOWN = "[...document.querySelectorAll('details.unit')].filter(u => u.getClientRects().length).map(u => u.id)"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ["unit-1", "unit-2", "unit-3", "unit-4"]),
        ("#show=verified", ["unit-1"]),
        ("#find=OTHER.py", ["unit-3"]),
        ("#show=partial&find=model_fn", []),
    ],
)
def test_the_address_chooses_the_units_that_are_shown(address: str, shown: list[str], tmp_path: Path) -> None:
    assert ask(tmp_path, html(run_of()), SHOWN, address) == shown


def test_a_button_filters_says_so_and_keeps_it_in_the_address(tmp_path: Path) -> None:
    click = "document.querySelector('button[data-show=skipped]').click()"
    pressed = "document.querySelector('[aria-pressed=true]').textContent"
    said = "document.querySelector('#shown').textContent"
    probe = f"({click}, [{SHOWN}, {pressed}, {said}, location.hash])"
    assert ask(tmp_path, html(run_of()), probe) == [["unit-3"], "skipped 1", "1 of 4 units", "#show=skipped"]


def test_nothing_is_asked_of_any_other_place(tmp_path: Path) -> None:
    assert ask(tmp_path, html(run_of()), "performance.getEntriesByType('resource').map(e => e.name)") == []


def test_no_text_of_a_program_runs(tmp_path: Path) -> None:
    probe = "[document.images.length, document.scripts.length, document.querySelectorAll('#unit-1 td b').length]"
    assert ask(tmp_path, html(hostile()), probe) == [0, 2, 1]  # the page's own script, the probe; the name of one check


OVERFLOW = """[innerWidth, document.documentElement.scrollWidth,
[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
.map(e => e.tagName + '.' + e.className).slice(0, 9)]"""


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_nothing_is_wider_than_the_screen(width: int, tmp_path: Path) -> None:
    opened = "(document.querySelectorAll('details').forEach(d => d.open = true), " + OVERFLOW + ")"
    assert ask(tmp_path, wide_page(), opened, width=width) == [width, width, []]


def test_old_and_new_code_stand_side_by_side_and_on_a_phone_one_below_the_other(tmp_path: Path) -> None:
    probe = """['td.old', 'td.new'].map(side => document.querySelector('#unit-1 .changed ' + side)
.getBoundingClientRect()).map(box => [box.left, box.top])"""
    page = html(run_of())
    (old_left, old_top), (new_left, new_top) = ask(tmp_path, page, probe)  # type: ignore[misc, attr-defined]
    assert new_left > old_left + 300
    assert new_top == old_top
    (old_left, old_top), (new_left, new_top) = ask(tmp_path, page, probe, width=390)  # type: ignore[misc, attr-defined]
    assert new_left == old_left
    assert new_top > old_top


def test_printing_opens_every_unit_and_closes_them_again(tmp_path: Path) -> None:
    opened = "document.querySelectorAll('details.unit[open]').length"
    probe = f"['beforeprint', 'afterprint'].map(name => (dispatchEvent(new Event(name)), {opened}))"
    assert ask(tmp_path, html(run_of()), probe) == [4, 1]


def test_a_printed_report_holds_the_units_that_are_closed_on_the_screen(tmp_path: Path) -> None:
    def printed_pages(count: int) -> int:
        units = tuple(dataclasses.replace(UNITS[0], id=f"u{n}", group=f"g{n}") for n in range(count))
        file, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
        file.write_text(html(run_of(Ledger(units=units))), encoding="utf-8")
        assert CHROMIUM is not None
        browser.run(CHROMIUM, tmp_path / "home", file, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
        return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))

    assert 1 <= printed_pages(1) < printed_pages(9) / 3
