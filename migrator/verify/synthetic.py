"""Proof without a program to run: the legacy model_fn and the migrated model are called on made-up inputs.

Both sides of all units of a run share one process each, which imports TensorFlow once.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.detect import input_specs
from migrator.ledger import Verification
from migrator.verify.compare import MADE_UP, verdict
from migrator.verify.process import Limits, Outcome, run_many, scratch_copy
from migrator.verify.program import UnitVerification
from migrator.verify.runtimes import Progress, RuntimeAbsent, provide
from migrator.weightmap import ModelMap

_USUAL = Limits(program_seconds=60.0, seconds=240.0)


def verify_models(
    before: Path,
    after: Path,
    maps: Sequence[Mapping[str, Any] | ModelMap],
    runtime: str = "legacy",
    progress: Progress = lambda message: None,
    limits: Limits = _USUAL,
) -> tuple[UnitVerification, ...]:
    """One verification per map. `limits.seconds` is for one unit on one side. Never raises for what models do."""
    data = [given.data() if isinstance(given, ModelMap) else dict(given) for given in maps]
    try:
        legacy_runtime, target_runtime = provide(runtime, progress), provide("target", progress)
    except RuntimeAbsent as absent:
        return tuple(_not_run(one, str(absent), runtime) for one in data)
    hints = input_specs.find(read_texts(before), read_texts(after), data)
    folder = Path(tempfile.mkdtemp(prefix="migrate-synthetic-"))
    try:
        with scratch_copy(before) as old, scratch_copy(after) as new:
            progress(f"making up inputs for {len(data)} models in runtime {runtime}")
            asked = [
                {
                    "root": str(old),
                    "cwd": str(old),
                    "hints": hints[str(one["unit"])],
                    "data": str(folder / f"{n}.pickle"),
                }
                for n, one in enumerate(data)
            ]
            legacy = run_many(legacy_runtime, "synthetic legacy", asked, folder, limits)
            chosen = [n for n, outcome in enumerate(legacy) if outcome.status == "done" and "data" in asked[n]]
            chosen = [n for n in chosen if "not_run" not in legacy[n].result and hints[str(data[n]["unit"])]["builder"]]
            progress(f"building {len(chosen)} migrated models in runtime target")
            second = [
                {
                    **asked[n],
                    "root": str(new),
                    "cwd": str(new),
                    "arguments": legacy[n].result["arguments"],
                    "creation": data[n]["creation"],
                }
                for n in chosen
            ]
            target = dict(
                zip(chosen, run_many(target_runtime, "synthetic target", second, folder, limits), strict=True)
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(_unit(one, hints[str(one["unit"])], legacy[n], target.get(n), runtime) for n, one in enumerate(data))


def read_texts(root: Path) -> dict[str, str]:
    """The Python files below a folder as text: root-relative path -> text."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*.py")):
        found[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return found


def _unit(
    given: Mapping[str, Any], hints: Mapping[str, Any], legacy: Outcome, target: Outcome | None, runtime: str
) -> UnitVerification:
    if legacy.status != "done":
        return _not_run(given, f"the legacy model_fn on made-up inputs: {legacy.reason}", runtime)
    result = legacy.result
    if "not_run" in result:
        return _not_run(given, str(result["not_run"]), runtime)
    if target is None:
        return _not_run(given, "the migrated program has no function at hand that builds the model", runtime)
    notes = [f"synthesised inputs: {result['inputs']}"]
    if result["guessed"]:
        notes.append("made-up parameters: " + ", ".join(f"{k}={v}" for k, v in sorted(result["guessed"].items())))
    if target.status != "done":
        reason = f"the migrated model on made-up inputs: {target.reason}"
        failed = Verification("failed", reason, f"{runtime}, {MADE_UP}")
        return UnitVerification(str(given["unit"]), failed, tuple(notes))
    answer = target.result
    notes += answer["unit"].get("notes", [])
    if "not_run" in answer["unit"]:
        return _not_run(given, answer["unit"]["not_run"], runtime)
    inert = sorted({*result["stand_ins"], *answer["stand_ins"]})
    rows = [_starts(answer, inert), _inputs(notes[:2]), *answer["unit"]["rows"]]
    found = verdict(rows, f"{runtime}, {MADE_UP}", answer["ending"])
    return UnitVerification(str(given["unit"]), found, tuple(notes))


def _starts(answer: Mapping[str, Any], inert: Sequence[str]) -> dict[str, Any]:
    """The check that the migrated files load and stand on their own feet."""
    wrong = [*answer["faults"], *answer["legacy_uses"]]
    note = "; ".join(wrong[:3]) or (f"not installed, replaced by inert stand-ins: {', '.join(inert)}" if inert else "")
    return _row("imports", not wrong, note)


def _inputs(notes: Iterable[str]) -> dict[str, Any]:
    """What the proof stands on: it says nothing of the program's own data."""
    return _row("inputs", None, "; ".join(notes))


def _row(check: str, ok: bool | None, note: str) -> dict[str, Any]:
    return {"check": check, "max_abs_diff": None, "max_rel_diff": None, "tolerance": 0.0, "ok": ok, "note": note}


def _not_run(given: Mapping[str, Any], reason: str, runtime: str) -> UnitVerification:
    return UnitVerification(str(given.get("unit", "")), Verification("not_run", reason, runtime))
