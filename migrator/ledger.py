"""The one result model: what was found, what became of it, and the evidence. Every report is made from it."""

from __future__ import annotations

import dataclasses
from typing import Literal

Status = Literal["converted", "partial", "skipped"]
Level = Literal["exact", "support", "review"]
Kind = Literal["model_fn", "canned_estimator", "input_fn", "training_loop", "hook", "export", "checkpoint"]
Severity = Literal["info", "warning", "error"]
SymbolStatus = Literal["converted", "manual", "unknown", "ignored"]


@dataclasses.dataclass(frozen=True)
class Finding:
    """Something a person should know about one line: a refusal's reason, a dropped call, a difference."""

    rule: str
    severity: Severity
    path: str
    line: int
    message: str


@dataclasses.dataclass(frozen=True)
class Target:
    """What a unit became: the file, the class or function in it, and the Keras style."""

    path: str
    name: str
    style: str


@dataclasses.dataclass(frozen=True)
class LossCurve:
    """The training loss of both programs, step by step, each training by itself from the same weights."""

    legacy: tuple[float, ...]
    migrated: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """One comparison of the legacy and the migrated program; `ok` is None when the check proves nothing."""

    check: str
    max_abs_diff: float | None
    max_rel_diff: float | None
    tolerance: float
    ok: bool | None
    note: str = ""
    curve: LossCurve | None = None


@dataclasses.dataclass(frozen=True)
class Verification:
    """The outcome of running one unit on both sides in one legacy runtime."""

    status: Literal["verified", "failed", "not_run"]
    reason: str = ""
    runtime: str = ""
    evidence: tuple[Evidence, ...] = ()


NOT_RUN = Verification("not_run", "verification was not asked for")


@dataclasses.dataclass(frozen=True)
class Unit:
    """A legacy construct of the program model and its fate. `path` and `line` are those of the legacy source."""

    id: str
    group: str
    kind: Kind
    path: str
    line: int
    name: str
    status: Status
    level: Level = "exact"
    target: Target | None = None
    findings: tuple[Finding, ...] = ()
    verification: Verification = NOT_RUN


@dataclasses.dataclass(frozen=True)
class Symbol:
    """One occurrence of a legacy name after resolution, in exactly one status."""

    path: str
    line: int
    name: str
    status: SymbolStatus
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class FileProblem:
    """A file that could not be analysed: the class of input it is, and what to try."""

    path: str
    kind: Literal["unparsable", "python2", "empty", "nul_byte", "unreadable", "missing", "undecodable", "fault"]
    message: str


@dataclasses.dataclass(frozen=True)
class Ledger:
    """Everything one run found. Frozen: stages add to it by making a new one."""

    files_scanned: int = 0
    files_changed: int = 0
    units: tuple[Unit, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[FileProblem, ...] = ()
