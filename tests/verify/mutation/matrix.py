"""One cell of the matrix after the other: what the oracle says of a mutant, and what the verifier says of it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from migrator.ledger import Verification
from migrator.verify import program as verifier
from migrator.verify.hosts import shared_workers
from migrator.verify.process import Limits
from tests.fixtures.programs import FOLDER, NAMES, conversion, program, write_sources

from . import oracle
from .forking import Forks
from .operators import OPERATORS, Mutant, mutants
from .sources import migrated

Kind = Literal["caught", "equivalent", "missed", "accused"]
# What one mutant of a program costs on a machine with two cores, measured: oracle and verifier together.
_SECONDS = {"article_classifier": 4.0, "package_rmsprop": 5.5, "cnn_decay": 6.0, "adversarial": 7.0}
_SECONDS |= {"factorization": 8.0, "text_rnn": 10.0, "class_network": 13.0}
_LIMITS = Limits(program_seconds=240.0, seconds=600.0)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One mutant: the oracle's judgement, and the checks by which the verifier failed it."""

    mutant: Mutant
    judgement: oracle.Judgement
    failed: tuple[str, ...]
    reason: str
    seconds: float

    @property
    def kind(self) -> Kind:
        """caught and missed are mutants that change behaviour; equivalent and accused ones do not, beyond limits."""
        if self.judgement.verdict == "changed":
            return "caught" if self.failed else "missed"
        return "accused" if self.failed and self.judgement.verdict == "same" else "equivalent"


class Bench:
    """The programs under test: their legacy records, what the originals do, and the processes that run them.

    With `keep`, a folder, what the oracle found is kept between runs: it depends on the programs' text alone.
    """

    def __init__(self, keep: Path | None = None) -> None:
        self._stack = contextlib.ExitStack()
        self._records: dict[str, verifier.LegacyRecord] = {}
        self._originals: dict[str, Mapping[str, Any]] = {}
        self._keep = keep
        self.forks = self._stack.enter_context(Forks())
        self._stack.enter_context(shared_workers())

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def record(self, name: str) -> verifier.LegacyRecord:
        """The legacy program's record, made once."""
        if name not in self._records:
            made = verifier.recorded(program(name).legacy, program(name).entry, limits=_LIMITS)
            self._records[name] = self._stack.enter_context(made)
        return self._records[name]

    def verify(self, name: str, sources: Mapping[str, str]) -> Verification:
        """What the verifier says of a program with these files: of the first of its models that fails, if one does."""
        with tempfile.TemporaryDirectory(prefix="migrate-mutant-") as place:
            root = Path(place) / "program"
            shutil.copytree(FOLDER / name / "legacy", root, ignore=shutil.ignore_patterns("__pycache__"))
            write_sources(sources, root)
            found = verifier.compare_program(
                self.record(name), root, program(name).entry, conversion(name).models, limits=_LIMITS
            )
        said = [unit.verification for unit in found.units]
        return next((one for one in said if one.status != "verified"), said[0])

    def judge(self, mutant: Mutant) -> oracle.Judgement:
        """What the oracle says of a mutant."""
        kept = self._keep / f"{mutant.key}.{_oracle_key()}.json" if self._keep else None
        if kept is not None and kept.exists():
            return oracle.Judgement.of(json.loads(kept.read_text(encoding="utf-8")))
        judged = oracle.judge(self.original(mutant.program), oracle.observe(mutant.program, mutant.sources, self.forks))
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(judged.data()), encoding="utf-8")
        return judged

    def original(self, name: str) -> Mapping[str, Any]:
        """What the program itself does."""
        if name not in self._originals:
            self._originals[name] = oracle.observe(name, migrated(name), self.forks)
            ending = self._originals[name]["ending"]
            assert not ending, f"the oracle's own run of {name} ends early: {ending}"
        return self._originals[name]

    def cell(self, mutant: Mutant) -> Cell:
        """Oracle first, then the verifier."""
        start = time.monotonic()
        judgement = self.judge(mutant)
        verification = self.verify(mutant.program, mutant.sources)
        failed = tuple(item.check for item in verification.evidence if item.ok is False)
        if verification.status != "verified" and not failed:
            failed = (verification.status,)
        return Cell(mutant, judgement, failed, verification.reason, time.monotonic() - start)


@functools.cache
def _oracle_key() -> str:
    text = "".join(Path(oracle.__file__).with_name(name).read_text() for name in ("oracle.py", "oracle_worker.py"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def chosen(per_operator: int | None = 1, names: Sequence[str] = NAMES) -> Iterator[Mutant]:
    """The first mutants of each operator and program; None: all of them."""
    for name in names:
        for operator in OPERATORS:
            yield from mutants(operator, name)[:per_operator]


def spread(names: Sequence[str] = NAMES) -> list[Mutant]:
    """One mutant of each operator, spread over the programs so that none costs much more time than the others."""
    had = dict.fromkeys(names, 0.0)
    found = []
    # Those that fit few programs choose first.
    for operator in sorted(OPERATORS, key=lambda operator: sum(bool(mutants(operator, name)) for name in names)):
        fitting = [name for name in names if mutants(operator, name)]
        name = min(fitting, key=lambda name: had[name])
        had[name] += _SECONDS.get(name, 5.0)
        found.append(mutants(operator, name)[0])
    return sorted(found, key=lambda mutant: mutant.program)
