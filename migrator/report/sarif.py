"""Findings and leftovers as SARIF 2.1.0, for code-scanning services. Written also when there is nothing to say."""

from __future__ import annotations

import collections
import hashlib
from typing import Any
from urllib.parse import quote

from migrator import __version__
from migrator.ledger import Ledger
from migrator.report.document import TOOL
from migrator.report.explain import explain
from migrator.report.messages import Message, messages

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif(ledger: Ledger, proof_wanted: bool = False) -> dict[str, Any]:
    """The SARIF log as JSON data."""
    told = messages(ledger, proof_wanted)
    rules = sorted({message.rule for message in told})
    seen: collections.Counter[str] = collections.Counter()
    results = []
    for message in told:
        key = f"{message.path}|{message.rule}|{message.text}"
        seen[key] += 1
        results.append(_result(message, rules.index(message.rule), f"{key}|{seen[key]}"))
    driver = {
        "name": TOOL,
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _rule(rule: str) -> dict[str, Any]:
    described: dict[str, Any] = {"id": rule, "shortDescription": {"text": rule.replace("-", " ")}}
    explained = explain(rule)
    return {**described, "fullDescription": {"text": explained}} if explained else described


def _result(message: Message, rule_index: int, fingerprint: str) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(message.path), "uriBaseId": "%SRCROOT%"}}
    if message.line > 0:
        place["region"] = {"startLine": message.line}
    return {
        "ruleId": message.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[message.severity],
        "message": {"text": message.text},
        "locations": [{"physicalLocation": place}],
        # Stable while lines move: built from what is said, not from where.
        "partialFingerprints": {"migrateFinding/v1": hashlib.sha256(fingerprint.encode()).hexdigest()[:32]},
    }
