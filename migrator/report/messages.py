"""The ledger as one flat list of messages about lines: what line-oriented formats (SARIF, GitHub) show."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from migrator.ledger import Ledger, Severity
from migrator.report.leftovers import why
from migrator.report.reasons import left_symbols


@dataclasses.dataclass(frozen=True)
class Message:
    """One thing said about one line (0: about the whole file)."""

    path: str
    line: int
    severity: Severity
    rule: str
    text: str


def messages(ledger: Ledger, proof_wanted: bool = False, brief: bool = False) -> tuple[Message, ...]:
    """Every finding, unfinished unit, legacy symbol left and unreadable file, once each, in file order.

    `brief`: symbols that are left for the same reason are one message per file, and none where a unit says the reason.
    """
    found: dict[Message, None] = {}
    for unit in ledger.units:
        for finding in unit.findings:
            found[Message(finding.path, finding.line, finding.severity, finding.rule, finding.message)] = None
        if unit.status != "converted":
            text = f"{unit.kind} {unit.name} is {unit.status}: {why(unit)}"
            found[Message(unit.path, unit.line, "warning", f"{unit.kind}-{unit.status}".replace("_", "-"), text)] = None
        elif unit.verification.status == "failed" or (proof_wanted and unit.verification.status == "not_run"):
            text = f"{unit.kind} {unit.name} is not proven: {unit.verification.reason or 'verification failed'}"
            found[Message(unit.path, unit.line, "warning", "not-proven", text)] = None
    for finding in ledger.findings:
        found[Message(finding.path, finding.line, finding.severity, finding.rule, finding.message)] = None
    for message in _gathered(ledger) if brief else _each(ledger):
        found[message] = None
    for problem in ledger.problems:
        severity: Severity = "info" if problem.kind == "empty" else "error"
        rule = f"file-{problem.kind}".replace("_", "-")
        found[Message(problem.path, 0, severity, rule, problem.message)] = None
    return tuple(sorted(found, key=lambda message: (message.path, message.line, message.rule, message.text)))


def _each(ledger: Ledger) -> Iterator[Message]:
    for symbol in ledger.symbols:
        if symbol.status in ("manual", "unknown"):
            text = f"{symbol.name}: {symbol.reason or symbol.status}"
            yield Message(symbol.path, symbol.line, "warning", f"symbol-{symbol.status}", text)


def _gathered(ledger: Ledger) -> Iterator[Message]:
    told = {finding.message for unit in ledger.units for finding in unit.findings}
    for left in left_symbols(ledger):
        if left.reason not in told:
            names = ", ".join(left.names[:3]) + (f" and {len(left.names) - 3} more" if len(left.names) > 3 else "")
            text = f"{names}: {left.reason or left.status}"
            yield Message(left.path, left.lines[0], "warning", f"symbol-{left.status}", text)
