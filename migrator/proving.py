"""Proof before writing: the legacy and the migrated program, side by side in scratch copies, group by group."""

from __future__ import annotations

import dataclasses
import posixpath
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from migrator.cells import SUFFIX
from migrator.conversion import Conversion, ModelMap
from migrator.ledger import Unit, Verification
from migrator.verify.compare import MADE_UP
from migrator.workspace import landing
from migrator.workspace.copying import copy_tree
from migrator.workspace.discovery import Project, list_files, locate
from migrator.workspace.entries import NoProgram, Program, find_program, given_program
from migrator.workspace.errors import WorkspaceError
from migrator.workspace.notebooks import script_path, write_scripts
from migrator.workspace.reading import read_sources


class Verify(Protocol):
    """Compares two programs: unit id -> verification.

    The folders are scratch copies from which `entry` is run; the paths in the maps are relative to them. `after_entry`
    is given when the second program is started in another way. An `entry` of "" means that there is no program to run:
    the models themselves are called, on made-up inputs.
    """

    def __call__(
        self,
        before: Path,
        after: Path,
        entry: str,
        maps: Sequence[ModelMap],
        runtime: str,
        progress: Callable[[str], None],
        after_entry: str | None = None,
    ) -> Mapping[str, Verification]: ...


SIDES = ("legacy", "target")
_Text = frozenset[tuple[str, str]]  # what a group's files would hold: a proof is about exactly this


@dataclasses.dataclass
class Prover:
    """Proves the groups of conversions, and remembers which texts it has proven."""

    project: Project
    entry: str | None
    runtime: str
    verify: Verify
    progress: Callable[[str], None]
    _known: dict[str, tuple[_Text, dict[str, Verification]]] = dataclasses.field(default_factory=dict)

    def prove(self, texts: Mapping[str, str], conversion: Conversion) -> dict[str, dict[str, Verification]]:
        """Group -> unit id -> verification, for every group that the conversion edits."""
        group_of = {unit.id: unit.group for unit in conversion.ledger.units}
        found = sorted(path for path in texts if path.endswith(SUFFIX))
        texts = {script_path(path): text for path, text in texts.items()}
        planned = {group: self._text(conversion, group) for edit in conversion.edits for group in edit.groups}
        fresh = {group for group, text in planned.items() if self._known.get(group, (None,))[0] != text}
        maps: dict[str, list[ModelMap]] = defaultdict(list)
        for model in map(_as_script, conversion.models):
            maps[group_of.get(str(model["unit"]), "")].append(model)
        programs: dict[Program, list[ModelMap]] = defaultdict(list)
        unstarted: list[ModelMap] = []
        for group in sorted(fresh):
            self._known[group] = (planned[group], {})
            if not maps[group]:
                self._settle(group, _units(conversion, group), Verification("not_run", "it holds no model to compare"))
                continue
            program = self._program(texts, maps[group])
            if isinstance(program, NoProgram):
                for model in maps[group]:
                    self._settle(group, [str(model["unit"])], Verification("not_run", program.reason))
                    unstarted.append(model)
            else:
                programs[program] += maps[group]
        if programs or unstarted:
            self._run(conversion, found, programs, unstarted, group_of)
        return {group: self._known[group][1] for group in planned}

    def of_group(self, group: str) -> Mapping[str, Verification]:
        """What is known of a group's units."""
        return self._known.get(group, (frozenset(), {}))[1]

    def _settle(self, group: str, units: Sequence[str], verification: Verification) -> None:
        for unit in units:
            self._known[group][1][unit] = verification

    def _text(self, conversion: Conversion, group: str) -> _Text:
        return frozenset((edit.path, edit.after) for edit in conversion.edits if group in edit.groups)

    def _program(self, texts: Mapping[str, str], maps: Sequence[ModelMap]) -> Program | NoProgram:
        paths = {str(model["legacy"]["path"]) for model in maps}
        if self.entry is None:
            return find_program(texts, paths)
        entry = script_path(self.entry)
        here = Path.cwd().resolve()
        inside = here != self.project.root and here.is_relative_to(self.project.base)
        start = here if inside else self.project.base
        return given_program(entry, _relative(start, self.project.root), texts, paths)

    def _run(
        self,
        conversion: Conversion,
        notebooks: Sequence[str],
        programs: Mapping[Program, list[ModelMap]],
        unstarted: list[ModelMap],
        group_of: Mapping[str, str],
    ) -> None:
        from migrator.verify.hosts import shared_workers

        scratch = Path(tempfile.mkdtemp(prefix="migrate-"))
        try:
            before, after = scratch / "before", scratch / "after"
            self.progress("copying the project for verification")
            copy_tree(self.project.root, before)
            landing.write_copy(self.project, self.project.root, after, conversion.edits)
            write_scripts(before, notebooks)
            write_scripts(after, notebooks)
            with shared_workers():
                for program, maps in programs.items():
                    self.progress(f"verifying {program.entry}")
                    rebased = [_rebased(model, program.folder) for model in maps]
                    found = self.verify(
                        before / program.folder,
                        after / program.folder,
                        program.entry,
                        rebased,
                        self.runtime,
                        self.progress,
                    )
                    self._record(maps, found, group_of)
                    unstarted += [model for model in maps if self._of(model, group_of).status == "not_run"]
                if unstarted:
                    self._run_without_entry(before, after, unstarted, group_of)
        except WorkspaceError as error:
            for maps in programs.values():
                self._record(maps, {}, group_of, str(error))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _run_without_entry(
        self, before: Path, after: Path, maps: Sequence[ModelMap], group_of: Mapping[str, str]
    ) -> None:
        """Proves on made-up inputs what no program could be run for; the reason why it could not stays in sight."""
        self.progress("verifying on made-up inputs")
        found = self.verify(before, after, "", maps, self.runtime, self.progress)
        for model in maps:
            unit, known = str(model["unit"]), self._of(model, group_of)
            made_up = found.get(unit)
            if made_up is not None:
                reasons = (made_up.reason, f"its program was not run: {known.reason}")
                combined = dataclasses.replace(made_up, reason="; ".join(filter(None, reasons)))
                self._settle(group_of[unit], [unit], combined)

    def _of(self, model: ModelMap, group_of: Mapping[str, str]) -> Verification:
        return self._known[group_of[str(model["unit"])]][1][str(model["unit"])]

    def _record(
        self,
        maps: Sequence[ModelMap],
        found: Mapping[str, Verification],
        group_of: Mapping[str, str],
        reason: str = "the program did not reach it",
    ) -> None:
        for model in maps:
            unit = str(model["unit"])
            verification = found.get(unit, Verification("not_run", reason, self.runtime))
            self._settle(group_of[unit], [unit], verification)


def verify_programs(
    before: Path,
    after: Path,
    entry: str,
    maps: Sequence[ModelMap],
    runtime: str,
    progress: Callable[[str], None],
    after_entry: str | None = None,
) -> Mapping[str, Verification]:
    """The verifier itself, as `Verify`. A model without a map is named by its number. Raises WorkspaceError."""
    from migrator.verify.entry import Entry
    from migrator.verify.program import verify_program

    if not entry:
        return _verify_models(before, after, maps, runtime, progress)
    try:
        start, second = Entry.parse(entry), Entry.parse(after_entry or entry)
    except ValueError as error:
        raise WorkspaceError(str(error)) from error
    result = verify_program(before, after, start, maps, runtime, progress, after_entry=second)
    for note in result.notes:
        progress(note)
    found: dict[str, Verification] = {}
    for number, unit in enumerate(result.units, start=1):
        reasons = [unit.verification.reason, *unit.notes]
        reason = "; ".join(dict.fromkeys(filter(None, reasons)))
        found[unit.unit or f"model {number}"] = dataclasses.replace(unit.verification, reason=reason)
    return found


def _verify_models(
    before: Path, after: Path, maps: Sequence[ModelMap], runtime: str, progress: Callable[[str], None]
) -> dict[str, Verification]:
    from migrator.verify.synthetic import verify_models

    found: dict[str, Verification] = {}
    for unit in verify_models(before, after, maps, runtime, progress):
        reasons = [unit.verification.reason, *unit.notes]
        reason = "; ".join(dict.fromkeys(filter(None, reasons)))
        found[unit.unit] = dataclasses.replace(unit.verification, reason=reason)
    return found


def prove_pair(
    before: Path,
    after: Path,
    entry: str | None,
    after_entry: str | None,
    maps: Sequence[ModelMap],
    runtime: str,
    verify: Verify,
    progress: Callable[[str], None],
) -> Mapping[str, Verification]:
    """Compares two programs in folders (or two scripts) that the tool need not have made. Raises WorkspaceError.

    Both are run in scratch copies. Without an entry the script that starts the legacy program is looked for.
    """
    if before.is_dir() != after.is_dir():
        raise WorkspaceError("give two folders or two scripts")
    if before.is_file():
        entry, after_entry = entry or before.name, after_entry or after.name
        before, after = before.parent, after.parent
    entry, after_entry = (given and script_path(given) for given in (entry, after_entry))
    if entry is None:
        project = dataclasses.replace(locate([before]), root=before.resolve(), repository=None)
        sources = read_sources(project, list_files(project))
        texts = {script_path(path): text for path, text in sources.texts.items()}
        maps = [_as_script(model) for model in maps]
        program = find_program(texts, {str(model["legacy"]["path"]) for model in maps})
        if isinstance(program, NoProgram):
            raise WorkspaceError(program.reason)
    else:
        program = Program("", entry)
    scratch = Path(tempfile.mkdtemp(prefix="migrate-"))
    try:
        copy_tree(before.resolve(), scratch / "before")
        copy_tree(after.resolve(), scratch / "after")
        for side in (scratch / "before", scratch / "after"):
            write_scripts(side, [path.relative_to(side).as_posix() for path in side.rglob(f"*{SUFFIX}")])
        sides = (scratch / "before" / program.folder, scratch / "after" / program.folder)
        rebased = [_rebased(model, program.folder) for model in maps]
        return verify(*sides, program.entry, rebased, runtime, progress, after_entry)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def group_outcome(verifications: Mapping[str, Verification]) -> Verification:
    """The verdict on a group: failed when one unit failed, verified only when all are."""
    for status in ("failed", "not_run"):
        for verification in verifications.values():
            if verification.status == status:
                return verification
    return next(iter(verifications.values()), Verification("not_run", "it holds no model to compare"))


def unit_outcome(unit: Unit, of_group: Mapping[str, Verification]) -> Verification:
    """A model's own evidence; any other unit was run as part of its group and shares the group's verdict.

    Where a model was proven on made-up inputs nothing else of its group was run.
    """
    if unit.id in of_group:
        return of_group[unit.id]
    whole = group_outcome(of_group)
    if whole.status == "verified" and any(MADE_UP in proof.runtime for proof in of_group.values()):
        return Verification("not_run", f"only the model of its group was run, on {MADE_UP}", whole.runtime)
    reason = "run together with the model of its group" if whole.status == "verified" else whole.reason
    return Verification(whole.status, reason, whole.runtime)


def _units(conversion: Conversion, group: str) -> list[str]:
    return [unit.id for unit in conversion.ledger.units if unit.group == group]


def _relative(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return "" if relative == "." else relative


def _as_script(model: ModelMap) -> ModelMap:
    """The map with a notebook's code where it is run."""
    return _with_paths(model, script_path)


def _rebased(model: ModelMap, folder: str) -> ModelMap:
    """The map with paths relative to the folder that the program runs in."""
    return _with_paths(model, lambda path: posixpath.relpath(path, folder)) if folder else model


def _with_paths(model: ModelMap, moved: Callable[[str], str]) -> ModelMap:
    """The map with the paths of both sides changed."""
    sides: dict[str, Any] = {side: {**model[side], "path": moved(str(model[side]["path"]))} for side in SIDES}
    return {**model, **sides}
