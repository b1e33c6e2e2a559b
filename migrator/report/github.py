"""Messages as workflow commands: GitHub Actions shows them as annotations beside the lines.

It shows ten errors, ten warnings and ten notices of a step: what weighs most comes first, and little is said twice.
"""

from __future__ import annotations

from migrator.ledger import Ledger
from migrator.report.messages import messages

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def github(ledger: Ledger, proof_wanted: bool = False) -> str:
    """One workflow command per line, errors first; empty when there is nothing to say."""
    lines = []
    weights = list(_COMMANDS)
    told = sorted(messages(ledger, proof_wanted, brief=True), key=lambda message: weights.index(message.severity))
    for message in told:
        place = f"file={_property(message.path)}" + (f",line={message.line}" if message.line else "")
        title = _property(f"migrate: {message.rule}")
        lines.append(f"::{_COMMANDS[message.severity]} {place},title={title}::{_data(message.text)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
