"""Why units are not converted: reasons of one kind together, those that hold back most model functions first."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable

from migrator.ledger import Finding, Ledger, Symbol, Unit

MODELS = ("model_fn", "canned_estimator")
_PLACES = re.compile(
    r"^(?:\S+:\d+|cell \d+, line \d+): |\b(lines?) \d+(?:(?:, | and )\d+)*|(?<=outside the named paths): \S+"
)


@dataclasses.dataclass(frozen=True)
class Reason:
    """One reason and what it holds back. `message` and the place are those of the first time it was met."""

    rule: str
    message: str
    model_fns: int
    units: int
    path: str
    line: int


@dataclasses.dataclass(frozen=True)
class LeftSymbols:
    """Legacy names that are left in one file for one reason: how often, on which lines, and which names."""

    path: str
    status: str
    reason: str
    count: int
    lines: tuple[int, ...]
    names: tuple[str, ...]


def weighty(unit: Unit) -> list[Finding]:
    """The findings that say why a unit is not, or not wholly, converted."""
    return [finding for finding in unit.findings if finding.severity != "info"] or list(unit.findings)


def reasons(units: Iterable[Unit]) -> tuple[Reason, ...]:
    """The reasons of all units that are not converted. Messages that differ only in places are one reason."""
    met: dict[str, list[tuple[Unit, Finding]]] = defaultdict(list)
    for unit in units:
        if unit.status == "converted":
            continue
        found = weighty(unit) or [Finding("none", "error", unit.path, unit.line, "no reason was given")]
        kinds = {_PLACES.sub(r"\1", finding.message): finding for finding in reversed(found)}
        for kind, finding in kinds.items():
            met[kind].append((unit, finding))
    return tuple(sorted(map(_reason, met.values()), key=lambda r: (-r.model_fns, -r.units, r.rule, r.message)))


def _reason(met: list[tuple[Unit, Finding]]) -> Reason:
    first = next((finding for unit, finding in met if unit.kind in MODELS), met[0][1])
    models = sum(unit.kind in MODELS for unit, _ in met)
    return Reason(first.rule, first.message, models, len(met), first.path, first.line)


def left_symbols(ledger: Ledger) -> tuple[LeftSymbols, ...]:
    """The legacy names that a person has to look at, in file order."""
    met: dict[tuple[str, str, str], list[Symbol]] = defaultdict(list)
    for symbol in ledger.symbols:
        if symbol.status in ("manual", "unknown"):
            met[symbol.path, symbol.status, symbol.reason].append(symbol)
    found = [
        LeftSymbols(
            path,
            status,
            reason,
            len(symbols),
            tuple(sorted({symbol.line for symbol in symbols})),
            tuple(dict.fromkeys(symbol.name for symbol in symbols)),
        )
        for (path, status, reason), symbols in met.items()
    ]
    return tuple(sorted(found, key=lambda left: (left.path, left.lines)))


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 unit`, `2 units`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
