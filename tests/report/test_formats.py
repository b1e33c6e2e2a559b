"""SARIF, GitHub annotations, patch, terminal."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest

from migrator.ledger import Finding, Ledger, Unit
from migrator.report.github import github
from migrator.report.leftovers import leftovers
from migrator.report.patch import patch
from migrator.report.sarif import sarif
from migrator.report.terminal import summary
from migrator.workspace.journal import Change

from .runs import LEDGER, UNITS, run_of


def results(ledger: Ledger) -> list[dict[str, object]]:
    found = json.loads(json.dumps(sarif(ledger)))["runs"][0]["results"]
    assert isinstance(found, list)
    return found


def test_sarif_has_what_services_require() -> None:
    log = sarif(LEDGER)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run = log["runs"][0]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(ids) == len(set(ids))
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        place = result["locations"][0]["physicalLocation"]
        assert not place["artifactLocation"]["uri"].startswith("/")
        assert place.get("region", {"startLine": 1})["startLine"] >= 1


def test_sarif_is_written_also_when_there_is_nothing_to_say() -> None:
    assert results(Ledger()) == []


def test_sarif_names_units_findings_symbols_and_files() -> None:
    assert {str(result["ruleId"]) for result in results(LEDGER)} == {
        *("summary", "custom-op", "verification", "pin"),
        *("model-fn-skipped", "hook-partial", "symbol-unknown", "symbol-manual", "file-python2", "file-empty"),
    }


def test_fingerprints_survive_moved_lines_and_tell_equal_findings_apart() -> None:
    def prints(shift: int) -> list[object]:
        findings = tuple(Finding("r", "warning", "a.py", line + shift, "same") for line in (3, 9))
        return [result["partialFingerprints"] for result in results(Ledger(findings=findings))]

    assert prints(0) == prints(5)
    assert prints(0)[0] != prints(0)[1]


def test_github_annotations() -> None:
    finding = Finding("a:b,c", "error", "dir/a,b.py", 3, "100% wrong\nreally")
    unit = dataclasses.replace(UNITS[0], findings=(finding,))
    assert github(Ledger(units=(unit,))) == (
        "::error file=dir/a%2Cb.py,line=3,title=migrate%3A a%3Ab%2Cc::100%25 wrong%0Areally\n"
    )
    assert github(Ledger(units=(dataclasses.replace(unit, findings=()),))) == ""


def test_github_levels() -> None:
    lines = github(LEDGER).splitlines()
    assert any(line.startswith("::notice file=train.py,line=8") for line in lines)
    assert any(line.startswith("::warning file=other.py,line=1") for line in lines)
    assert any(line.startswith("::error file=two.py,title=") for line in lines)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (b"a\nb\n", b"a\nc\n", b"--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        (b"a\r\n", b"b\r\n", b"--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\r\n+b\r\n"),
        (b"a", b"b", b"@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"),
        (None, b"new\n", b"new file mode 100644\n--- /dev/null\n+++ b/x.py\n@@ -0,0 +1 @@\n+new\n"),
    ],
)
def test_patch(before: bytes | None, after: bytes, expected: bytes) -> None:
    assert expected in patch([Change("x.py", before, after)])


def printed(verify: bool = True, mode: str = "write", ledger: Ledger = LEDGER) -> str:
    stream = io.StringIO()
    outcome = run_of(ledger, mode, verify)  # type: ignore[arg-type]
    summary(outcome, leftovers(ledger, verify), 0, None, stream)
    return stream.getvalue()


def test_the_terminal_names_every_unit_and_everything_left() -> None:
    text = printed()
    for part in (
        "converted train.py:6 model_fn model_fn -> Model (subclass, exact) verified on legacy",
        "skipped   other.py:1 model_fn <script>alert(1)</script>: no Keras twin; not written",
        "other.py:6 tensorflow.py_func: runs Python",
        "requirements.txt:1 pin: tensorflow==1.15",
        "two.py python2: Python 2 code",
        "12 files read, 1 changed; units: 2 converted, 1 partial, 1 skipped; 4 legacy symbols: 1 converted, 1 manual",
        "1 of 2 converted units verified, 1 written without proof (--write-unverified), 1 not written",
        "migrate undo /project",
    ):
        assert part in text


def test_a_dry_run_says_would() -> None:
    text = printed(mode="check")
    assert "1 would change" in text
    assert "undo" not in text


def test_long_lists_are_cut_and_said_to_be_cut() -> None:
    units = tuple(Unit(f"u{n}", f"g{n}", "model_fn", "a.py", n + 1, f"f{n}", "converted") for n in range(100))
    assert "... 60 more units, see the report" in printed(ledger=Ledger(units=units))
