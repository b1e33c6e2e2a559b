"""What is left for a person."""

from __future__ import annotations

import dataclasses

from migrator.ledger import Ledger
from migrator.report.leftovers import baseline_text, beyond, leftovers, read_baseline

from .runs import LEDGER, UNITS


def keys(ledger: Ledger, proof_wanted: bool = False) -> list[str]:
    return [leftover.key for leftover in leftovers(ledger, proof_wanted)]


def test_all_that_is_not_done_is_left() -> None:
    assert keys(LEDGER) == [
        "other.py: model_fn <script>alert(1)</script>",
        "train.py: hook train_input_fn",
        "other.py: tensorflow.contrib.foo",
        "other.py: tensorflow.py_func",
        "requirements.txt: pin",
        "two.py: python2",
    ]


def test_a_unit_without_proof_is_left_when_proof_was_wanted() -> None:
    ledger = Ledger(units=(UNITS[1],))
    assert keys(ledger) == []
    assert keys(ledger, proof_wanted=True) == ["train.py: training_loop est.train"]


def test_nothing_is_left_of_a_clean_run() -> None:
    assert keys(Ledger(units=(UNITS[0],)), proof_wanted=True) == []


def test_the_baseline_counts(tmp_path) -> None:  # type: ignore[no-untyped-def]
    found = leftovers(LEDGER)
    (tmp_path / "b.json").write_text(baseline_text(found))
    known = read_baseline(tmp_path / "b.json")
    assert beyond(known, found) == ()
    moved = [dataclasses.replace(leftover, line=leftover.line + 7) for leftover in found]
    assert beyond(known, moved) == ()
    assert beyond(known, [*found, found[0]]) == (found[0],)
    assert read_baseline(tmp_path / "absent.json") == []
