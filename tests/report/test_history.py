"""`migrate report OLD NEW`: what was converted, what regressed, what remains."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from migrator.ledger import Finding, Ledger, Symbol, Unit, Verification
from migrator.report.document import document, to_json
from migrator.report.history import history, history_document, history_markdown, print_history, read_report
from migrator.workspace.errors import WorkspaceError

VERIFIED = Verification("verified", "", "legacy")
FAILED = Verification("failed", "forward differs", "legacy")


def unit(name: str, status: str, line: int = 1, proof: Verification | None = None, why: str = "why") -> Unit:
    findings = () if status == "converted" else (Finding("r", "error", "a.py", line, why),)
    given = {} if proof is None else {"verification": proof}
    return Unit(f"{name}{line}", "g", "model_fn", "a.py", line, name, status, findings=findings, **given)  # type: ignore[arg-type]


def changes(old: list[Unit], new: list[Unit]) -> dict[str, list[tuple[str, str]]]:
    found = history(document(Ledger(units=tuple(old))), document(Ledger(units=tuple(new))))
    told: dict[str, list[tuple[str, str]]] = {}
    for moved in found.moved:
        told.setdefault(moved.change, []).append((moved.name, moved.detail))
    return told


def test_units_are_told_apart_by_what_became_of_them() -> None:
    old = [unit("done", "skipped"), unit("stays", "skipped"), unit("lost", "converted"), unit("ours", "skipped")]
    new = [unit("done", "converted", proof=VERIFIED), unit("stays", "skipped"), unit("lost", "skipped"),
           unit("fresh", "skipped")]  # fmt: skip
    assert changes(old, new) == {
        "converted": [("done", "verified")],
        "gone": [("ours", "")],
        "regressed": [("lost", "was converted, is skipped: why")],
        "new": [("fresh", "why")],
        "remaining": [("stays", "why")],
    }


def test_a_proof_that_was_won_or_lost_is_told() -> None:
    done = unit("f", "converted")
    verified, failed = unit("f", "converted", proof=VERIFIED), unit("f", "converted", proof=FAILED)
    assert changes([done], [verified]) == {"proven": [("f", "")]}
    assert changes([verified], [failed]) == {"regressed": [("f", "was verified, fails now: forward differs")]}
    assert changes([verified], [done]) == {}  # it was not asked for this time


def test_what_was_converted_before_and_is_gone_from_the_legacy_code_is_no_news() -> None:
    assert changes([unit("f", "converted")], []) == {}


def test_units_are_known_again_after_edits_above_them() -> None:
    old = [unit("f", "skipped", 10), unit("f", "skipped", 20)]
    new = [unit("f", "converted", 13), unit("f", "skipped", 23)]
    assert changes(old, new) == {"converted": [("f", "not run")], "remaining": [("f", "why")]}


OLD = document(
    Ledger(units=(unit("f", "skipped"), unit("g", "converted")), symbols=(Symbol("a.py", 1, "tf.x", "manual"),))
)
NEW = document(Ledger(units=(unit("f", "converted"), unit("g", "skipped", why="`a` | b")), symbols=()))


def test_people_machines_and_pull_requests_are_told_the_same() -> None:
    found = history(OLD, NEW)
    stream = io.StringIO()
    print_history(found, stream)
    text = stream.getvalue()
    assert "newly converted: 1 unit\n  a.py:1 model_fn f: not run" in text
    assert "regressed: 1 unit\n  a.py:1 model_fn g: was converted" in text
    assert "  1 -> 1 unit\n" in text
    assert "total 1 -> 0, manual 1 -> 0" in text
    data = json.loads(to_json(history_document(found)))
    assert data["left"] == {"old": 1, "new": 1}
    assert [moved["name"] for moved in data["units"]["converted"]] == ["f"]
    assert data["symbols"]["manual"] == {"old": 1, "new": 0}
    markdown = history_markdown(found)
    assert "## Regressed: 1" in markdown
    assert "| manual | 1 | 0 |" in markdown


def test_a_report_is_read_from_its_folder_or_its_file(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(to_json(OLD))
    assert read_report(tmp_path) == read_report(tmp_path / "report.json") == json.loads(to_json(OLD))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 2, "units": [], "symbols": {}}'])
def test_anything_else_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(content)
    with pytest.raises(WorkspaceError, match="report.json"):
        read_report(tmp_path)
