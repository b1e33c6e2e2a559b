"""report.json: the schema-1 contract."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator import ledger as model
from migrator import report
from migrator.ledger import Ledger
from migrator.report.document import document, to_json

from .runs import LEDGER

SCHEMA = json.loads((Path(report.__file__).parent / "schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

TEXT = st.sampled_from(["a", "ü/naïve name.py", "<b>", "two\nlines", "\U0001f600"])
NUMBER = st.none() | st.floats(min_value=0)
LINE = st.integers(1, 9)
FINDING = st.builds(
    model.Finding, rule=TEXT, severity=st.sampled_from(get_args(model.Severity)), path=TEXT, line=LINE, message=TEXT
)
LOSSES = st.lists(st.floats(), max_size=3).map(tuple)
EVIDENCE = st.builds(
    model.Evidence,
    check=TEXT,
    max_abs_diff=NUMBER,
    max_rel_diff=NUMBER,
    tolerance=st.floats(0, 1),
    ok=st.none() | st.booleans(),
    note=st.sampled_from(["", "because"]),
    curve=st.none() | st.builds(model.LossCurve, legacy=LOSSES, migrated=LOSSES),
)
PROOF = st.builds(
    model.Verification,
    status=st.sampled_from(["verified", "failed", "not_run"]),
    reason=st.sampled_from(["", "because"]),
    runtime=st.sampled_from(["", "because"]),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
)
UNIT = st.builds(
    model.Unit,
    id=TEXT,
    group=TEXT,
    kind=st.sampled_from(get_args(model.Kind)),
    path=TEXT,
    line=LINE,
    name=TEXT,
    status=st.sampled_from(get_args(model.Status)),
    level=st.sampled_from(get_args(model.Level)),
    target=st.none() | st.builds(model.Target, path=TEXT, name=TEXT, style=TEXT),
    findings=st.lists(FINDING, max_size=2).map(tuple),
    verification=PROOF,
)
SYMBOL = st.builds(model.Symbol, path=TEXT, line=LINE, name=TEXT, status=st.sampled_from(get_args(model.SymbolStatus)))
LEDGERS = st.builds(
    Ledger,
    files_scanned=st.integers(0, 9),
    files_changed=st.integers(0, 9),
    units=st.lists(UNIT, max_size=3).map(tuple),
    symbols=st.lists(SYMBOL, max_size=5).map(tuple),
    findings=st.lists(FINDING, max_size=2).map(tuple),
    problems=st.lists(st.builds(model.FileProblem, path=TEXT, kind=st.just("fault"), message=TEXT), max_size=2).map(
        tuple
    ),
)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@settings(max_examples=40, deadline=None)
@given(LEDGERS)
def test_every_ledger_gives_a_valid_report_whose_totals_add_up(ledger: Ledger) -> None:
    data = json.loads(to_json(document(ledger)))
    VALIDATOR.validate(data)
    symbols = dict(data["symbols"])
    assert symbols.pop("total") == sum(symbols.values()) == len(ledger.symbols)
    assert sum(data["summary"]["units"].values()) == len(data["units"]) == len(ledger.units)


def test_the_contract() -> None:
    data = document(LEDGER)
    assert list(data)[:5] == ["schema", "tool", "summary", "units", "symbols"]
    assert data["schema"] == 1
    assert data["summary"] == {
        "files_scanned": 12,
        "files_changed": 1,
        "units": {"converted": 2, "partial": 1, "skipped": 1},
    }
    assert data["symbols"] == {"total": 4, "converted": 1, "manual": 1, "unknown": 1, "ignored": 1}
    first = data["units"][0]
    assert first["target"] == {"path": "train.py", "name": "Model", "style": "subclass"}
    assert first["verification"]["evidence"][0] == {
        "check": "forward",
        "max_abs_diff": 1.5e-7,
        "max_rel_diff": 2e-7,
        "tolerance": 1e-5,
        "ok": True,
    }


def test_a_finding_in_another_file_says_so() -> None:
    assert document(LEDGER)["units"][2]["findings"][0]["message"] == "helper.py:3: no Keras twin"


def test_a_difference_that_is_not_finite_is_null_and_said() -> None:
    (evidence,) = document(LEDGER)["units"][2]["verification"]["evidence"]
    assert (evidence["max_abs_diff"], evidence["ok"], evidence["note"]) == (None, False, "the difference is not finite")


def test_a_loss_that_is_not_finite_is_null_in_the_curve() -> None:
    curve = document(LEDGER)["units"][0]["verification"]["evidence"][1]["curve"]
    assert curve == {"legacy": [3.0, 2.0, None, 1.0], "migrated": [3.0, 2.25, 1.5, 1.0]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(schema=2),
        lambda data: data.pop("symbols"),
        lambda data: data["units"][0].update(status="done"),
        lambda data: data["units"][0].pop("verification"),
        lambda data: data["units"][0].update(extra=1),
        lambda data: data["units"][0]["findings"][0].update(severity="fatal"),
        lambda data: data["units"][0]["findings"][0].update(path="x"),
        lambda data: data["summary"]["units"].pop("skipped"),
        lambda data: data["units"][0]["verification"]["evidence"][1]["curve"].pop("legacy"),
    ],
)
def test_the_schema_refuses_what_breaks_the_contract(spoil: Any) -> None:
    data = json.loads(to_json(document(LEDGER)))
    VALIDATOR.validate(data)
    spoil(data)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(data)


def test_the_schema_knows_every_word_of_the_ledger() -> None:
    unit = SCHEMA["$defs"]["unit"]["properties"]
    assert set(unit["kind"]["enum"]) == set(get_args(model.Kind))
    assert set(unit["status"]["enum"]) == set(get_args(model.Status))
    assert set(unit["level"]["enum"]) == set(get_args(model.Level))
    assert set(unit) == {field.name for field in dataclasses.fields(model.Unit)}
