"""SARIF, GitHub annotations, patch."""

from __future__ import annotations

import dataclasses
import json

import jsonschema
import pytest

from migrator.ledger import Finding, Ledger, Symbol
from migrator.report.github import github
from migrator.report.patch import patch
from migrator.report.sarif import sarif
from migrator.workspace.journal import Change

from .runs import LEDGER, UNITS

SARIF_2_1_0 = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
    },
    "additionalProperties": False,
    "$defs": {
        "message": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "run": {
            "type": "object",
            "required": ["tool"],
            "additionalProperties": False,
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                },
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
        },
        "driver": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {"type": "string"},
                "semanticVersion": {"type": "string"},
                "informationUri": {"type": "string", "format": "uri"},
                "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}},
            },
        },
        "rule": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "shortDescription": {"$ref": "#/$defs/message"},
                "fullDescription": {"$ref": "#/$defs/message"},
                "help": {"$ref": "#/$defs/message"},
            },
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": {"$ref": "#/$defs/message"},
                "locations": {"type": "array", "items": {"$ref": "#/$defs/location"}},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "location": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "physicalLocation": {
                    "type": "object",
                    "required": ["artifactLocation"],
                    "additionalProperties": False,
                    "properties": {
                        "artifactLocation": {
                            "type": "object",
                            "required": ["uri"],
                            "additionalProperties": False,
                            "properties": {
                                "uri": {"type": "string", "pattern": "^[A-Za-z0-9._~/%-]+$"},
                                "uriBaseId": {"type": "string"},
                            },
                        },
                        "region": {
                            "type": "object",
                            "additionalProperties": False,
                            "properties": {"startLine": {"type": "integer", "minimum": 1}},
                        },
                    },
                }
            },
        },
    },
}
"""The part of the standard's schema that holds what is written here, with its own words and limits."""


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


def test_sarif_names_any_file_as_a_relative_uri() -> None:
    odd = Finding("r", "warning", "dir a/ü#1?.py", 3, "<b>100%</b>")
    (result,) = sarif(Ledger(findings=(odd,)))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "dir%20a/%C3%BC%231%3F.py", "uriBaseId": "%SRCROOT%"}
    assert result["message"]["text"] == "<b>100%</b>"


def test_sarif_keeps_the_shape_of_version_2_1_0() -> None:
    jsonschema.validate(json.loads(json.dumps(sarif(LEDGER))), SARIF_2_1_0)


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


def test_github_shows_only_some_so_errors_come_first_and_names_left_for_one_reason_are_one() -> None:
    symbols = tuple(Symbol("a.py", line, f"tf.x{line}", "manual", "runs Python") for line in (5, 3, 4, 9))
    lines = github(Ledger(symbols=symbols, findings=(Finding("pin", "error", "z.txt", 1, "pinned"),))).splitlines()
    assert lines == [
        "::error file=z.txt,line=1,title=migrate%3A pin::pinned",
        "::warning file=a.py,line=3,title=migrate%3A symbol-manual::tf.x5, tf.x3, tf.x4 and 1 more: runs Python",
    ]
    assert len(results(Ledger(symbols=symbols))) == 4


def test_sarif_explains_the_rules_that_have_an_explanation() -> None:
    rules = {rule["id"]: rule for rule in sarif(LEDGER)["runs"][0]["tool"]["driver"]["rules"]}
    assert "were shown to compute the same" in rules["verification"]["fullDescription"]["text"]


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
