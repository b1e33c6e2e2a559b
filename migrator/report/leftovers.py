"""What a person still has to do after a run, and the committed baseline of what a team has accepted for now."""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from migrator.ledger import Ledger, Unit
from migrator.report.reasons import weighty
from migrator.workspace.errors import WorkspaceError

BASELINE_FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Leftover:
    """One thing that is left. `key` names it without its line, so that it survives edits above it."""

    path: str
    line: int
    what: str
    reason: str

    @property
    def key(self) -> str:
        """What a baseline remembers of it."""
        return f"{self.path}: {self.what}"


def leftovers(ledger: Ledger, proof_wanted: bool = False) -> tuple[Leftover, ...]:
    """Everything left for a person, units first; `proof_wanted`: a unit written without proof is left too."""
    found: list[Leftover] = []
    for unit in ledger.units:
        what = f"{unit.kind} {unit.name}"
        if unit.status != "converted":
            found.append(Leftover(unit.path, unit.line, what, why(unit)))
        elif unit.verification.status == "failed" or (proof_wanted and unit.verification.status == "not_run"):
            reason = unit.verification.reason or "verification failed"
            found.append(Leftover(unit.path, unit.line, what, f"not proven: {reason}"))
    for symbol in ledger.symbols:
        if symbol.status in ("manual", "unknown"):
            reason = symbol.reason or f"{symbol.status} legacy symbol"
            found.append(Leftover(symbol.path, symbol.line, symbol.name, reason))
    found += [Leftover(f.path, f.line, f.rule, f.message) for f in ledger.findings if f.severity == "error"]
    found += [Leftover(p.path, 0, p.kind, p.message) for p in ledger.problems if p.kind != "empty"]
    return tuple(found)


def why(unit: Unit) -> str:
    """The reasons for which a unit is not, or not wholly, converted."""
    reasons = dict.fromkeys(finding.message for finding in weighty(unit))
    return "; ".join(reasons) or ("converted in part" if unit.status == "partial" else "not converted")


def beyond(baseline: Iterable[str], found: Sequence[Leftover]) -> tuple[Leftover, ...]:
    """The leftovers that the baseline does not hold; one that occurs more often than there counts as new."""
    allowed = collections.Counter(baseline)
    new: list[Leftover] = []
    for leftover in found:
        if allowed[leftover.key] > 0:
            allowed[leftover.key] -= 1
        else:
            new.append(leftover)
    return tuple(new)


def read_baseline(path: Path) -> list[str]:
    """The keys in a baseline file; none when there is no file. Raises WorkspaceError when it is not one."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or content.get("baseline") != BASELINE_FORMAT:
        raise WorkspaceError(f"{path} is not a baseline of this version; write it anew with --write-baseline")
    return [key for key, count in content["leftovers"].items() for _ in range(count)]


def baseline_text(found: Iterable[Leftover]) -> str:
    """The text of a baseline file that accepts the given leftovers."""
    counts = collections.Counter(leftover.key for leftover in found)
    return json.dumps({"baseline": BASELINE_FORMAT, "leftovers": dict(sorted(counts.items()))}, indent=1) + "\n"
