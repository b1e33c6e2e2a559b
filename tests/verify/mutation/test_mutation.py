"""Mutants of the migrated programs: each operator once, every program in turn; the oracle decides, the verifier sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrator.verify.runtimes import RuntimeAbsent, provide
from tests.fixtures.programs import NAMES

from .matrix import Bench, spread
from .operators import OPERATORS, Mutant, mutants
from .sources import migrated

CHOSEN = spread()


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    for name in ("legacy", "target"):
        try:
            provide(name)
        except RuntimeAbsent as absent:
            pytest.skip(str(absent))
    with Bench() as made:
        yield made


def test_every_operator_and_every_program_is_there() -> None:
    assert {mutant.operator for mutant in CHOSEN} == set(OPERATORS)
    assert {mutant.program for mutant in CHOSEN} == set(NAMES)
    assert len(OPERATORS) >= 15


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_mutant_differs_from_its_program_in_one_file(operator: str) -> None:
    found = [mutant for name in NAMES for mutant in mutants(operator, name)]
    assert found
    for mutant in found:
        changed = [path for path, text in mutant.sources.items() if text != migrated(mutant.program)[path]]
        assert changed == [mutant.change.path]


@pytest.mark.runtime
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES])
def test_the_unchanged_program_is_not_accused(bench: Bench, name: str) -> None:
    verification = bench.verify(name, migrated(name))
    assert (verification.status, verification.reason) == ("verified", "")


@pytest.mark.runtime
@pytest.mark.parametrize(
    "mutant",
    [
        # with xdist: all of a program in one worker, which then records its legacy form once
        pytest.param(mutant, id=f"{mutant.program}: {mutant.operator}", marks=pytest.mark.xdist_group(mutant.program))
        for mutant in CHOSEN
    ],
)
def test_a_mutant_is_caught_when_it_changes_behaviour_and_only_then(bench: Bench, mutant: Mutant) -> None:
    cell = bench.cell(mutant)
    said = f"{mutant.place} {mutant.change.what}: oracle {cell.judgement.figures}, verifier {cell.reason or 'verified'}"
    assert cell.kind in ("caught", "equivalent"), said
