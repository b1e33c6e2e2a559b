"""Random programs: the original, its specialisations and its migrated form do the same, or the tool refuses.

`make quick` takes a few programs of each ordinary kind, `make test` more than two thousand, hostile ones included.
"""

from __future__ import annotations

import collections
from typing import Any

import pytest

from . import checks, symbolic
from .checks import Verdict
from .programs import CATEGORIES, HOSTILE, SUPPORTED, Program, generate

QUICK_EACH = 6  # programs of each supported category in `make quick`
SUPPORTED_EACH = 66
HOSTILE_EACH = 11
BATCH = 16
REFUSED_AT_MOST = 0.35  # of all supported programs


def size_of(seed: int) -> int:
    """Small programs mostly: they find the same faults and are read faster."""
    return (1, 2, 1, 3)[seed % 4]


def batches() -> list[Any]:
    """(category, first seed, one past the last), the small part for `make quick` first."""
    found: list[Any] = []
    for category in sorted(SUPPORTED):
        found.append(pytest.param(category, 0, QUICK_EACH, id=f"{category}-few"))
    for category in CATEGORIES:
        start, count = (QUICK_EACH, SUPPORTED_EACH) if category in SUPPORTED else (0, HOSTILE_EACH)
        for first in range(start, count, BATCH):
            last = min(first + BATCH, count)
            marks = pytest.mark.thorough
            found.append(pytest.param(category, first, last, id=f"{category}-{first}", marks=marks))
    return found


def test_there_are_programs_of_every_kind() -> None:
    assert len(SUPPORTED) * SUPPORTED_EACH + len(HOSTILE) * HOSTILE_EACH >= 2000
    assert len(SUPPORTED) >= 15 and len(HOSTILE) >= 80


@pytest.mark.parametrize(("category", "start", "end"), batches())
def test_a_program_and_its_migrated_form_do_the_same(category: str, start: int, end: int) -> None:
    verdicts: dict[Program, Verdict] = {}
    for seed in range(start, end):
        program = generate(category, seed, size_of(seed))
        symbolic.forget()
        before = checks.legacy_outcomes(program.text, program.settings)
        verdict = checks.specialised(program.text, program.settings, before)
        if not verdict.failed:
            verdict = checks.migrated(program.text, program.settings, before)
        verdicts[program] = verdict
    failed = [p for p, v in verdicts.items() if v.failed]
    if failed:
        first = failed[0]
        check = checks.specialised if verdicts[first].reason.startswith("special") else checks.migrated
        title = f"{category} seed {first.seed} size {size_of(first.seed)} (failing: {[p.seed for p in failed]})"
        pytest.fail(checks.report(title, first.text, first.settings, check), pytrace=False)


def test_few_supported_programs_are_refused() -> None:
    """Every ordinary kind converts, and most of all programs do."""
    reasons: collections.Counter[str] = collections.Counter()
    for category in SUPPORTED:
        refused = 0
        for seed in range(QUICK_EACH):
            program = generate(category, seed, size_of(seed))
            symbolic.forget()
            verdict = checks.migrated(program.text, program.settings)
            if verdict.kind == "refused":
                refused += 1
                reasons[verdict.reason] += 1
        assert refused < QUICK_EACH, (category, reasons.most_common(3))
    assert reasons.total() <= REFUSED_AT_MOST * len(SUPPORTED) * QUICK_EACH, reasons.most_common(10)
