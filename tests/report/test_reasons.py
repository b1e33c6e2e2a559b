"""Why units are left: reasons of one kind together, ranked by the model functions that they hold back."""

from __future__ import annotations

from migrator.ledger import Finding, Ledger, Symbol, Unit
from migrator.report.reasons import LeftSymbols, left_symbols, reasons


def unit(number: int, *messages: str, kind: str = "model_fn", status: str = "skipped", severity: str = "error") -> Unit:
    path = f"{number}.py"
    findings = tuple(Finding("r", severity, path, 5, message) for message in messages)  # type: ignore[arg-type]
    return Unit(f"u{number}", "g", kind, path, 1, "f", status, findings=findings)  # type: ignore[arg-type]


def told(*units: Unit) -> list[tuple[str, int, int]]:
    return [(reason.message, reason.model_fns, reason.units) for reason in reasons(units)]


def test_model_functions_weigh_more_than_other_units() -> None:
    loops = [unit(n, "a loop", kind="training_loop") for n in range(3)]
    assert told(*loops, unit(7, "a hook")) == [("a hook", 1, 1), ("a loop", 0, 3)]


def test_messages_that_differ_in_places_only_are_one_reason() -> None:
    assert told(
        unit(1, "the specs on lines 3 and 4 differ"),
        unit(2, "the specs on lines 30 and 41 differ"),
        unit(3, "other.py:12: the specs on lines 1, 2 and 3 differ"),
    ) == [("the specs on lines 3 and 4 differ", 3, 3)]


def test_messages_that_differ_in_names_are_not() -> None:
    assert len(told(unit(1, "no rule for `tf.a`"), unit(2, "no rule for `tf.b`"))) == 2


def test_a_unit_counts_once_for_a_reason_and_for_each_of_its_reasons() -> None:
    assert told(unit(1, "a", "a", "b")) == [("a", 1, 1), ("b", 1, 1)]


def test_what_was_converted_and_what_is_only_information_are_no_reasons() -> None:
    assert told(unit(1, "fine", status="converted")) == []
    (reason,) = reasons([Unit("u", "g", "hook", "a.py", 4, "h", "skipped")])
    assert (reason.message, reason.path, reason.line) == ("no reason was given", "a.py", 4)


def test_legacy_names_are_gathered_by_file_and_reason() -> None:
    symbols = (
        Symbol("b.py", 9, "tensorflow.a", "manual", "why"),
        Symbol("b.py", 4, "tensorflow.a", "manual", "why"),
        Symbol("b.py", 5, "tensorflow.b", "manual", "why"),
        Symbol("a.py", 1, "tensorflow.c", "unknown"),
        Symbol("a.py", 2, "tensorflow.d", "converted"),
    )
    assert left_symbols(Ledger(symbols=symbols)) == (
        LeftSymbols("a.py", "unknown", "", 1, (1,), ("tensorflow.c",)),
        LeftSymbols("b.py", "manual", "why", 3, (4, 5, 9), ("tensorflow.a", "tensorflow.b")),
    )
