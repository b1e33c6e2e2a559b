"""When a model is proven on made-up inputs: where no program can be run, and only there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from migrator.conversion import Conversion, FileEdit, ModelMap
from migrator.ledger import Ledger, Unit, Verification
from migrator.proving import Prover, unit_outcome
from migrator.workspace.discovery import locate

MAIN = "\nif __name__ == '__main__':\n    estimator.train(model_fn)\n"


class Verifier:
    """Answers as it is told for a program's run and for made-up inputs, and keeps what it was asked."""

    def __init__(self, run: Verification | None, made_up: Verification | None) -> None:
        self.answers = {True: run, False: made_up}
        self.entries: list[str] = []

    def __call__(
        self,
        before: Path,
        after: Path,
        entry: str,
        maps: Sequence[ModelMap],
        runtime: str,
        progress: Callable[[str], None],
        after_entry: str | None = None,
    ) -> Mapping[str, Verification]:
        self.entries.append(entry)
        answer = self.answers[bool(entry)]
        return {str(model["unit"]): answer for model in maps} if answer is not None else {}


def proven(tmp_path: Path, text: str, verifier: Verifier, **others: str) -> Verification:
    """What a prover finds for a project with one model, in net.py."""
    texts = {"net.py": text, **{f"{name}.py": other for name, other in others.items()}}
    for path, written in texts.items():
        (tmp_path / path).write_text(written)
    unit = Unit("u", "g", "model_fn", "net.py", 1, "model_fn", "converted")
    place = {"path": "net.py", "line": 1, "name": "model_fn"}
    model: ModelMap = {"unit": "u", "legacy": place, "target": {"path": "net.py", "name": "Model"}, "creation": []}
    edit = FileEdit("net.py", text, text + "# migrated\n", frozenset({"g"}))
    prover = Prover(locate([tmp_path]), None, "legacy", verifier, lambda message: None)
    found = prover.prove(texts, Conversion((edit,), Ledger(units=(unit,)), (model,)))
    return found["g"]["u"]


VERIFIED = Verification("verified", "", "legacy")
MADE_UP = Verification("verified", "synthesised inputs: features float32", "legacy, synthesised inputs")
UNRUN = Verification("not_run", "the program failed: data.csv is missing", "legacy")


def test_a_program_that_runs_is_the_proof(tmp_path: Path) -> None:
    verifier = Verifier(VERIFIED, MADE_UP)
    assert proven(tmp_path, "model_fn = 1\n" + MAIN, verifier) == VERIFIED
    assert verifier.entries == ["net.py"]


def test_a_program_that_fails_before_its_model_leaves_it_to_made_up_inputs(tmp_path: Path) -> None:
    verifier = Verifier(UNRUN, MADE_UP)
    found = proven(tmp_path, "model_fn = 1\n" + MAIN, verifier)
    assert verifier.entries == ["net.py", ""]
    assert found.status == "verified"
    assert found.reason.startswith(MADE_UP.reason)
    assert "its program was not run: the program failed: data.csv is missing" in found.reason


def test_a_model_without_a_program_is_called_on_made_up_inputs(tmp_path: Path) -> None:
    verifier = Verifier(VERIFIED, MADE_UP)
    script = "import net\n" + MAIN
    found = proven(tmp_path, "model_fn = 1\n", verifier, one=script, other=script)
    assert verifier.entries == [""]
    assert found.status == "verified"
    assert "its program was not run: several scripts run net.py" in found.reason


@pytest.mark.parametrize("made_up", [None, Verification("not_run", "no inputs were found", "legacy")])
def test_without_inputs_it_stays_not_run_with_the_reasons(tmp_path: Path, made_up: Verification | None) -> None:
    found = proven(tmp_path, "model_fn = 1\n" + MAIN, Verifier(UNRUN, made_up))
    assert found.status == "not_run"
    assert "data.csv is missing" in found.reason
    assert made_up is None or made_up.reason in found.reason


def test_a_failed_proof_stays_failed(tmp_path: Path) -> None:
    wrong = Verification("failed", "loss differs", "legacy")
    verifier = Verifier(wrong, MADE_UP)
    assert proven(tmp_path, "model_fn = 1\n" + MAIN, verifier) == wrong
    assert verifier.entries == ["net.py"]
    assert proven(tmp_path, "model_fn = 1\n" + MAIN, Verifier(UNRUN, wrong)).status == "failed"


def test_what_was_not_run_with_the_model_is_not_called_proven() -> None:
    loop = Unit("loop", "g", "training_loop", "net.py", 9, "train", "converted")
    assert unit_outcome(loop, {"u": VERIFIED}).status == "verified"
    found = unit_outcome(loop, {"u": MADE_UP})
    assert found.status == "not_run"
    assert "only the model of its group was run" in found.reason
