"""The verifier's front door: proves one migrated program against its legacy form, or runs one of them in full."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.ledger import Verification
from migrator.verify.compare import verdict
from migrator.verify.entry import Entry
from migrator.verify.process import Limits, Outcome, run_worker, scratch_copy
from migrator.verify.runtimes import Progress, Runtime, RuntimeAbsent, provide
from migrator.weightmap import ModelMap

_USUAL = Limits()


@dataclasses.dataclass(frozen=True)
class UnitVerification:
    """The proof of one model_fn: its unit id ("" when the pair was not made by the tool) and notes for people."""

    unit: str
    verification: Verification
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class ProgramVerification:
    """The proofs of one program. `notes` hold what concerns the whole program: late crashes, runtimes, guesses."""

    units: tuple[UnitVerification, ...]
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether there is something verified and nothing that is not."""
        return bool(self.units) and all(unit.verification.status == "verified" for unit in self.units)


@dataclasses.dataclass(frozen=True)
class LegacyRecord:
    """What a legacy program was seen to do: good for any number of comparisons while `data` exists.

    `refusal` is "" when there is something to compare with.
    """

    runtime: str
    data: Path
    result: Mapping[str, Any]
    notes: tuple[str, ...]
    refusal: str = ""


@dataclasses.dataclass(frozen=True)
class ProgramRun:
    """One full run. `failure` is "" when the program ran to its end; `steps` are the final step counters per model."""

    printed: str
    steps: tuple[int, ...]
    failure: str = ""


def _silent(message: str) -> None:
    """The progress of those who do not ask for it."""


def verify_program(
    before: Path,
    after: Path,
    entry: Entry,
    maps: Sequence[Mapping[str, Any] | ModelMap] = (),
    runtime: str = "legacy",
    progress: Progress = _silent,
    limits: Limits = _USUAL,
    after_entry: Entry | None = None,
) -> ProgramVerification:
    """Runs both programs (roots `before` and `after`) bounded, replays the one on the other, compares.

    `maps` are the weight maps of the conversion; without any the tie between the variables is guessed. `runtime` is
    "legacy" or "tf1". Never raises for what programs do: that is a failed or not_run verification with its reason.
    """
    with recorded(before, entry, runtime, progress, limits) as record:
        return compare_program(record, after, after_entry or entry, maps, progress, limits)


@contextlib.contextmanager
def recorded(
    before: Path, entry: Entry, runtime: str = "legacy", progress: Progress = _silent, limits: Limits = _USUAL
) -> Iterator[LegacyRecord]:
    """The record of a legacy program, kept as long as the context lasts."""
    with scratch_copy(before) as root:
        data = root.parent / "legacy.pickle"
        try:
            interpreter = provide(runtime, progress)
            provide("target", progress)  # said now, not after the legacy run
        except RuntimeAbsent as absent:
            yield LegacyRecord(runtime, data, {}, (), str(absent))
            return
        progress(f"running {entry} in runtime {runtime}")
        request: dict[str, Any] = {"job": "legacy", "entry": entry.data(), "data": str(data)}
        outcome = _run(interpreter, request, root, limits, progress)
        notes = tuple(f"legacy program: {note}" for note in _endings(outcome))
        refusal = ""
        if outcome.status != "done" or not any(model["modes"] for model in outcome.result["models"]):
            refusal = "; ".join([*notes, *_model_failures(outcome)]) or "the legacy program used no Estimator"
        yield LegacyRecord(runtime, data, outcome.result, notes, refusal)


def compare_program(
    record: LegacyRecord,
    after: Path,
    entry: Entry,
    maps: Sequence[Mapping[str, Any] | ModelMap] = (),
    progress: Progress = _silent,
    limits: Limits = _USUAL,
) -> ProgramVerification:
    """Compares one migrated program (root `after`) with the record of its legacy form; as `verify_program`."""
    data = [given.data() if isinstance(given, ModelMap) else dict(given) for given in maps]
    if record.refusal:
        return _nothing(data, Verification("not_run", record.refusal, record.runtime), record.notes)
    progress(f"running {entry} in runtime target")
    request: dict[str, Any] = {
        "job": "target",
        "entry": entry.data(),
        "data": str(record.data),
        "maps": data,
        "ordered": record.result["ordered"],
        "guarded": True,
    }
    try:
        with scratch_copy(after) as root:
            outcome = _run(provide("target", progress), request, root, limits, progress)
    except RuntimeAbsent as absent:
        return _nothing(data, Verification("not_run", str(absent), record.runtime), record.notes)
    notes = (*record.notes, *(f"migrated program: {note}" for note in _endings(outcome)))
    versions = {"legacy tensorflow": record.result["versions"]["tensorflow"]}
    versions.update((f"target {name}", version) for name, version in outcome.result.get("versions", {}).items())
    if outcome.status != "done":
        return _nothing(data, Verification("failed", "; ".join(notes), record.runtime), notes, versions)
    inert = sorted({*record.result["stand_ins"], *outcome.result["stand_ins"]})
    units = tuple(_unit(result, outcome.result, record.runtime, inert) for result in outcome.result["units"])
    return ProgramVerification(units, notes, versions)


def run_program(
    root: Path,
    entry: Entry,
    runtime: str,
    guarded: bool = True,
    progress: Progress = _silent,
    limits: Limits = _USUAL,
) -> ProgramRun:
    """Runs a program in full, in a scratch copy. Raises RuntimeAbsent when the runtime cannot be had."""
    interpreter = provide(runtime, progress)
    side = "target" if runtime == "target" else "legacy"
    request: dict[str, Any] = {"job": "run", "side": side, "guarded": guarded, "entry": entry.data()}
    with scratch_copy(root) as copy:
        outcome = _run(interpreter, request, copy, limits, progress)
    if outcome.status != "done":
        return ProgramRun(outcome.printed, (), outcome.reason)
    failure = "; ".join([*_endings(outcome), *outcome.result["legacy_uses"]])
    return ProgramRun(outcome.printed, tuple(outcome.result["steps"]), failure)


def _run(runtime: Runtime, request: dict[str, Any], root: Path, limits: Limits, progress: Progress) -> Outcome:
    """Runs a job on the scratch copy `root`; a runtime that turns out to be broken is built anew, once."""
    request = {**request, "root": str(root), "cwd": str(root)}
    outcome = run_worker(runtime, request, root.parent, limits)
    if outcome.status == "crashed" and "No module named 'tensorflow" in outcome.reason:
        progress(f"runtime {runtime.name} is broken and is built anew")
        outcome = run_worker(provide(runtime.name, progress, rebuild=True), request, root.parent, limits)
    return outcome


def _unit(
    result: Mapping[str, Any], program: Mapping[str, Any], runtime: str, inert: Sequence[str]
) -> UnitVerification:
    notes = tuple(result.get("notes", ()))
    if "not_run" in result:
        return UnitVerification(result.get("unit", ""), Verification("not_run", result["not_run"], runtime), notes)
    if result.get("guessed"):
        notes += ("the tie between the variables was guessed by name, shape and order",)
    rows = [_imports(program, inert), *result["rows"]]
    ending = f"the migrated program ended early: {program['ending']}" if program["ending"] else ""
    return UnitVerification(result.get("unit", ""), verdict(rows, runtime, ending), notes)


def _imports(result: Mapping[str, Any], inert: Sequence[str]) -> dict[str, Any]:
    """The check that the migrated program starts, and stands on its own feet."""
    wrong = list(result["legacy_uses"])
    if any(word in result["ending"] for word in ("LegacyUse", "ImportError", "ModuleNotFoundError")):
        wrong.insert(0, result["ending"])
    stood_in = f"not installed, replaced by inert stand-ins: {', '.join(inert)}" if inert else ""
    note = "; ".join(wrong[:3]) or stood_in
    return {
        "check": "imports",
        "max_abs_diff": None,
        "max_rel_diff": None,
        "tolerance": 0.0,
        "ok": not wrong,
        "note": note,
    }


def _endings(outcome: Outcome) -> list[str]:
    if outcome.status != "done":
        return [outcome.reason]
    return [outcome.result["ending"]] if outcome.result["ending"] else []


def _model_failures(outcome: Outcome) -> list[str]:
    return [why for model in outcome.result.get("models", ()) for why in model["failures"].values()]


def _nothing(
    maps: Sequence[Mapping[str, Any]],
    verification: Verification,
    notes: Sequence[str] = (),
    versions: Mapping[str, str] | None = None,
) -> ProgramVerification:
    """The same outcome for every unit asked for (or for the one unnamed)."""
    units = [str(given.get("unit", "")) for given in maps] or [""]
    verifications = tuple(UnitVerification(unit, verification) for unit in units)
    return ProgramVerification(verifications, tuple(notes), versions or {})
