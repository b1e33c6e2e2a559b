"""One run of `migrate`: read, convert, prove, write. What the command line asks for happens here, in this order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from migrator import cells
from migrator.conversion import EXCLUDED_RULE, Conversion, FileEdit, ModelMap, Options
from migrator.ledger import FileProblem, Finding, Ledger, Unit, Verification
from migrator.proving import Prover, Verify, group_outcome, unit_outcome
from migrator.surroundings import with_surroundings
from migrator.workspace import diagnosis, journal, landing
from migrator.workspace.discovery import Project, list_files
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.reading import Sources, read_sources

Mode = Literal["write", "check", "diff", "output"]
Convert = Callable[[Mapping[str, str], Options], Conversion]
Progress = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Request:
    """What one run shall do."""

    mode: Mode = "write"
    options: Options = Options()
    output: Path | None = None
    exclude: tuple[str, ...] = ()
    jobs: int = 1
    allow_dirty: bool = False
    verify: bool = False
    entry: str | None = None
    runtime: str = "legacy"
    write_unverified: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What one run did. `edits` are those written, or in a dry run those that would be."""

    project: Project
    request: Request
    ledger: Ledger
    edits: tuple[FileEdit, ...]
    texts: Mapping[str, str]
    models: tuple[ModelMap, ...]

    @property
    def dry(self) -> bool:
        """Whether nothing was to be written."""
        return self.request.mode in ("check", "diff")


@dataclasses.dataclass(frozen=True)
class Hold:
    """Why a group that could be converted stays untouched."""

    rule: str
    reason: str
    verifications: Mapping[str, Verification] = dataclasses.field(default_factory=dict)


def run(project: Project, request: Request, convert: Convert, verify: Verify | None, progress: Progress) -> Outcome:
    """Carries out a request. `verify` is called when the request asks for verification. Raises WorkspaceError.

    What cannot be written or is not proven is held back group by group: the conversion is planned again without it,
    until what remains is whole, proven where asked, and on disk.
    """
    if request.mode == "output" and request.output is not None:
        landing.check_output(project, request.output)
    progress("reading")
    sources = read_sources(project, list_files(project, request.exclude), request.jobs)
    options = dataclasses.replace(request.options, editable=_editable(project, sources))
    prover = Prover(project, request.entry, request.runtime, verify, progress) if request.verify and verify else None
    held: dict[str, Hold] = {}
    while True:
        progress("converting")
        conversion = _convert(convert, sources, options, held)
        newly_held = _refused(project, request, conversion) or _unproven(prover, sources, conversion, request)
        if not newly_held:
            dirty_allowed = request.allow_dirty or request.mode != "write"
            conversion = with_surroundings(project, sources.texts, conversion, request.exclude, dirty_allowed)
            newly_held = _write(project, request, conversion, progress)
        if not newly_held:
            break
        held.update(newly_held)
    ledger = _ledger(conversion, sources, held, prover)
    return Outcome(project, request, ledger, conversion.edits, sources.texts, conversion.models)


def exit_code(outcome: Outcome, something_left: bool) -> int:
    """0 done, nothing left; 1 a dry run found something to change; 2 wrong usage or a fault; 3 something is left."""
    if any(problem.kind in ("missing", "fault") for problem in outcome.ledger.problems):
        return 2
    if outcome.dry and outcome.edits:
        return 1
    return 3 if something_left else 0


def _editable(project: Project, sources: Sources) -> frozenset[str] | None:
    if project.root in project.named:
        return None
    return frozenset(path for path in sources.texts if project.is_named(path))


def _convert(convert: Convert, sources: Sources, options: Options, held: Mapping[str, Hold]) -> Conversion:
    if not sources.texts:
        return Conversion((), Ledger())  # so that a tree without TensorFlow costs no more than reading it
    conversion = convert(sources.texts, dataclasses.replace(options, excluded_groups=frozenset(held)))
    disobeyed = sorted({group for edit in conversion.edits for group in edit.groups if group in held})
    if disobeyed:
        raise AssertionError(f"the converter edited groups that it was told to leave alone: {', '.join(disobeyed)}")
    return conversion


def _refused(project: Project, request: Request, conversion: Conversion) -> dict[str, Hold]:
    dirty_allowed = request.allow_dirty or request.mode != "write"
    return _hold(conversion, landing.refusals(project, conversion.edits, dirty_allowed))


def _unproven(prover: Prover | None, sources: Sources, conversion: Conversion, request: Request) -> dict[str, Hold]:
    held: dict[str, Hold] = {}
    if prover is None:
        return held
    for group, verifications in prover.prove(sources.texts, conversion).items():
        outcome = group_outcome(verifications)
        if outcome.status == "failed":
            held[group] = Hold("verification", f"not written: verification failed: {outcome.reason}", verifications)
        elif outcome.status == "not_run" and not request.write_unverified:
            advice = "--write-unverified writes it all the same"
            reason = f"not written: verification could not run: {outcome.reason}; {advice}"
            held[group] = Hold("verification", reason, verifications)
    return held


def _write(project: Project, request: Request, conversion: Conversion, progress: Progress) -> dict[str, Hold]:
    if request.mode in ("check", "diff"):
        return {}
    progress("writing")
    if request.mode == "output" and request.output is not None:
        landing.write_copy(project, project.base, request.output, conversion.edits)
        return {}
    try:
        journal.apply(project.root, landing.changes(project, conversion.edits))
    except journal.StageFault as fault:
        return _hold(conversion, {path: ("cannot-write", reason) for path, reason in fault.reasons.items()})
    return {}


def _hold(conversion: Conversion, reasons: Mapping[str, tuple[str, str]]) -> dict[str, Hold]:
    held: dict[str, Hold] = {}
    for edit in conversion.edits:
        if edit.path in reasons:
            rule, reason = reasons[edit.path]
            if not edit.groups:
                raise WorkspaceError(f"{edit.path} {reason}")
            for group in edit.groups:
                held.setdefault(group, Hold(rule, f"not written: {edit.path} {reason}"))
    return held


def _ledger(conversion: Conversion, sources: Sources, held: Mapping[str, Hold], prover: Prover | None) -> Ledger:
    """The converter's ledger with what happened after it: held groups, evidence, files that could not be read."""
    ledger = conversion.ledger
    of_units = {finding for unit in ledger.units for finding in unit.findings}
    problems = (_refined(sources, problem) for problem in ledger.problems if problem.kind != "empty")
    return dataclasses.replace(
        ledger,
        files_scanned=sources.scanned,
        files_changed=len(conversion.edits),
        units=tuple(_with_cells(sources, _final_unit(unit, held.get(unit.group), prover)) for unit in ledger.units),
        findings=tuple(
            _with_cell(sources, f) for f in ledger.findings if f not in of_units and f.rule != EXCLUDED_RULE
        ),
        problems=(*sources.problems, *problems),
    )


def _with_cells(sources: Sources, unit: Unit) -> Unit:
    """A unit whose findings in notebooks say which cell they mean: lines count through all of its code."""
    return dataclasses.replace(unit, findings=tuple(_with_cell(sources, finding) for finding in unit.findings))


def _with_cell(sources: Sources, finding: Finding) -> Finding:
    if not finding.path.endswith(cells.SUFFIX) or finding.path not in sources.texts:
        return finding
    where = cells.place(sources.texts[finding.path], finding.line)
    return dataclasses.replace(finding, message=f"{where}: {finding.message}")


def _final_unit(unit: Unit, hold: Hold | None, prover: Prover | None) -> Unit:
    if hold is not None:
        finding = Finding(hold.rule, "warning", unit.path, unit.line, hold.reason)
        proof = unit_outcome(unit, hold.verifications) if hold.verifications else unit.verification
        kept = (other for other in unit.findings if other.rule != EXCLUDED_RULE)
        return dataclasses.replace(unit, status="skipped", target=None, findings=(*kept, finding), verification=proof)
    if prover is not None and unit.status == "converted":
        return dataclasses.replace(unit, verification=unit_outcome(unit, prover.of_group(unit.group)))
    return unit


def _refined(sources: Sources, problem: FileProblem) -> FileProblem:
    """The converter knows that a text does not parse; which class of input it is, is told here."""
    if problem.kind != "unparsable" or problem.path not in sources.texts:
        return problem
    return diagnosis.of_text(problem.path, sources.texts[problem.path]) or problem
