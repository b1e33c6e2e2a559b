"""From rows of numbers to a verdict: what must be proven for a unit to count as verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migrator.ledger import Evidence, LossCurve, Verification

# Something of this has to be proven: a unit whose every check is empty is not verified.
_SUBSTANCE = ("forward", "predictions", "metrics", "training")


MADE_UP = "synthesised inputs"  # stands beside the runtime of a proof for which no program was run


def evidence_of(row: Mapping[str, Any]) -> Evidence:
    """One row of a worker's answer as Evidence."""
    curve = row.get("curve")
    return Evidence(
        row["check"],
        row["max_abs_diff"],
        row["max_rel_diff"],
        row["tolerance"],
        row["ok"],
        row.get("note", ""),
        LossCurve(tuple(curve["legacy"]), tuple(curve["migrated"])) if curve else None,
    )


def verdict(rows: Sequence[Mapping[str, Any]], runtime: str, ending: str = "") -> Verification:
    """Verified when nothing differs and something was proven; otherwise failed, with the checks that say so.

    `ending` tells how the migrated program ended early, if it did: the likely cause of what is missing.
    """
    evidence = tuple(evidence_of(row) for row in rows)
    wrong = [item for item in evidence if item.ok is False]
    if wrong:
        reason = "; ".join([f"{item.check}: {_explain(item)}" for item in wrong] + ([ending] if ending else []))
        return Verification("failed", reason, runtime, evidence)
    if not any(item.ok and item.check in _SUBSTANCE for item in evidence):
        reasons = "; ".join(f"{item.check}: {item.note}" for item in evidence if item.ok is None)
        return Verification("failed", f"nothing was proven ({reasons or 'no check could be made'})", runtime, evidence)
    return Verification("verified", "", runtime, evidence)


def _explain(item: Evidence) -> str:
    if item.max_rel_diff is None:
        return item.note or "differs"
    measured = f"differs by {item.max_rel_diff:.1e}, tolerance {item.tolerance:.0e}"
    return f"{measured} ({item.note})" if item.note else measured
