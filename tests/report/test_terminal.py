"""What a person sees on the terminal when a run is over."""

from __future__ import annotations

import dataclasses
import io

from migrator.ledger import Finding, Ledger, Symbol, Unit
from migrator.report.leftovers import leftovers
from migrator.report.live import stage_of
from migrator.report.terminal import summary

from .runs import LEDGER, UNITS, run_of


class Ascii(io.StringIO):
    """A terminal that can show no more than ASCII."""

    encoding = "ascii"  # type: ignore[assignment]


def printed(
    ledger: Ledger = LEDGER, mode: str = "write", verify: bool = True, stream: io.StringIO | None = None
) -> list[str]:
    stream = stream or io.StringIO()
    summary(run_of(ledger, mode, verify), leftovers(ledger, verify), 0, None, stream)  # type: ignore[arg-type]
    return stream.getvalue().splitlines()


def test_every_unit_is_named_with_what_became_of_it() -> None:
    lines = printed()
    assert "✓ train.py:6   model_fn model_fn -> Model (subclass, exact)  verified on legacy" in lines
    assert "✓ train.py:17  training_loop est.train" in lines
    skipped = lines.index("✗ other.py:1  model_fn <script>alert(1)</script>")
    assert lines[skipped + 1] == "    no Keras twin; not written"
    assert "~ train.py:12  hook train_input_fn partial" in lines


def test_what_else_is_left_is_named_with_its_place() -> None:
    lines = printed()
    for line in (
        "  other.py:6 tensorflow.py_func: runs Python",
        "  other.py:5 tensorflow.contrib.foo: unknown",
        "  requirements.txt:1 pin: tensorflow==1.15 in requirements.txt",
        "  two.py python2: Python 2 code",
    ):
        assert line in lines


def test_the_totals_come_last_as_shares_of_a_whole() -> None:
    totals = printed()[-5:]
    assert totals[0] == "files    12 read, 1 changed"
    assert totals[1] == "units    " + "█" * 30 + "  2 converted, 1 partial, 1 skipped"
    assert totals[2].endswith(
        "  1 verified, 1 written without proof (--write-unverified), 1 not written because not proven"
    )
    assert totals[3].endswith("  1 converted, 1 manual, 1 unknown, 1 ignored")
    assert totals[4] == "take it back with: migrate undo /project"


def test_a_terminal_without_blocks_gets_bars_and_marks_all_the_same() -> None:
    lines = printed(stream=Ascii())
    assert "+ train.py:17  training_loop est.train" in lines
    assert "units    ##############========--------  2 converted, 1 partial, 1 skipped" in lines
    "\n".join(lines).encode("ascii")


def test_a_dry_run_says_would() -> None:
    text = "\n".join(printed(mode="check"))
    assert "1 would change" in text
    assert "undo" not in text


def test_a_group_that_was_skipped_is_told_once() -> None:
    whole = [dataclasses.replace(UNITS[2], id=f"u{n}", line=n + 1) for n in range(3)]
    lines = printed(Ledger(units=tuple(whole)))
    assert "✗ other.py:1  model_fn <script>alert(1)</script> and 2 units with it" in lines
    assert lines.count("    no Keras twin; not written") == 1


def blocked(number: int, message: str, kind: str = "model_fn") -> Unit:
    path = f"{number}.py"
    finding = Finding("r", "error", path, 7, message)
    return Unit(f"u{number}", f"g{number}", kind, path, 1, "f", "skipped", findings=(finding,))  # type: ignore[arg-type]


def test_many_skipped_groups_are_told_by_reason_and_those_that_block_most_models_first() -> None:
    units = [blocked(n, "loops are not followed", "training_loop") for n in range(30)]
    units += [blocked(n, f"a hook on line {n} runs session code") for n in range(30, 50)]
    lines = printed(Ledger(units=tuple(units)))
    assert "not converted: 50 units in 50 groups" in lines
    assert "        20     20  a hook on line 30 runs session code (30.py:7)" in lines
    assert "         0     30  loops are not followed (0.py:7)" in lines
    assert lines.index("        20     20  a hook on line 30 runs session code (30.py:7)") < lines.index(
        "         0     30  loops are not followed (0.py:7)"
    )


def test_names_that_stay_because_of_a_unit_are_not_told_again() -> None:
    unit = blocked(0, "loops are not followed")
    symbols = (
        Symbol("0.py", 8, "tensorflow.layers.dense", "manual", "loops are not followed"),
        Symbol("0.py", 9, "tensorflow.foo", "unknown"),
    )
    text = "\n".join(printed(Ledger(units=(unit,), symbols=symbols)))
    assert "tensorflow.layers.dense" not in text
    assert "0.py:9 tensorflow.foo: unknown" in text


def test_names_in_many_files_are_counted() -> None:
    symbols = tuple(Symbol(f"{n}.py", 1, "tensorflow.foo", "unknown") for n in range(30))
    lines = printed(Ledger(symbols=symbols))
    assert "  30 legacy names in 30 files, most often:" in lines
    assert "        30  tensorflow.foo" in lines


def test_long_lists_are_cut_and_said_to_be_cut() -> None:
    units = tuple(Unit(f"u{n}", f"g{n}", "model_fn", "a.py", n + 1, f"f{n}", "converted") for n in range(100))
    assert "  ... 60 more converted units, see the report" in printed(Ledger(units=units))


def test_the_messages_of_a_run_are_stages_of_its_bar_and_notes_are_not() -> None:
    messages = ["reading", "converting", "copying the project for verification", "verifying train.py",
                "running train.py in runtime legacy", "running train.py in runtime target", "writing"]  # fmt: skip
    assert [stage_of(message) for message in messages] == [0, 1, 2, 3, 4, 5, 6]
    assert stage_of("legacy program: it ended early") is None
