"""The ledger as the document of report.json (schema 1, see schema.json): the only source of every other report."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
from typing import Any

from migrator import __version__
from migrator.ledger import Evidence, Finding, Ledger, Unit

TOOL = "estimator-to-keras"


def document(ledger: Ledger) -> dict[str, Any]:
    """The report as JSON data."""
    units = collections.Counter(unit.status for unit in ledger.units)
    symbols = collections.Counter(symbol.status for symbol in ledger.symbols)
    return {
        "schema": 1,
        "tool": {"name": TOOL, "version": __version__},
        "summary": {
            "files_scanned": ledger.files_scanned,
            "files_changed": ledger.files_changed,
            "units": {status: units[status] for status in ("converted", "partial", "skipped")},
        },
        "units": [_unit(unit) for unit in ledger.units],
        "symbols": {
            "total": len(ledger.symbols),
            **{status: symbols[status] for status in ("converted", "manual", "unknown", "ignored")},
        },
        "findings": [{"path": finding.path, **_finding(finding, finding.path)} for finding in ledger.findings],
        "problems": [dataclasses.asdict(problem) for problem in ledger.problems],
    }


def to_json(data: Any) -> str:
    """Text of JSON data as the tool writes it: readable, valid, ending in a newline."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _unit(unit: Unit) -> dict[str, Any]:
    proof = unit.verification
    return {
        "id": unit.id,
        "group": unit.group,
        "kind": unit.kind,
        "path": unit.path,
        "line": unit.line,
        "name": unit.name,
        "status": unit.status,
        "level": unit.level,
        "target": None if unit.target is None else dataclasses.asdict(unit.target),
        "findings": [_finding(finding, unit.path) for finding in unit.findings],
        "verification": {
            "status": proof.status,
            "reason": proof.reason,
            "runtime": proof.runtime,
            "evidence": [_evidence(evidence) for evidence in proof.evidence],
        },
    }


def _finding(finding: Finding, path: str) -> dict[str, Any]:
    """A finding of a unit has no path of its own in the schema: one in another file says so in its message."""
    elsewhere = "" if finding.path == path else f"{finding.path}:{finding.line}: "
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "line": finding.line,
        "message": elsewhere + finding.message,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    values = (evidence.max_abs_diff, evidence.max_rel_diff)
    unmeasurable = any(value is not None and not math.isfinite(value) for value in values)
    notes = [note for note in (evidence.note, "the difference is not finite" if unmeasurable else "") if note]
    found: dict[str, Any] = {
        "check": evidence.check,
        "max_abs_diff": _finite(evidence.max_abs_diff),
        "max_rel_diff": _finite(evidence.max_rel_diff),
        "tolerance": evidence.tolerance,
        "ok": evidence.ok,
    }
    if notes:
        found["note"] = "; ".join(notes)
    if evidence.curve is not None:
        sides = dataclasses.asdict(evidence.curve)
        found["curve"] = {side: [_finite(value) for value in values] for side, values in sides.items()}
    return found


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
