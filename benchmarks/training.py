"""Steps per second of a program, legacy and migrated: two processes that take turns, never running at once."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrator.convert import convert
from migrator.verify import process
from migrator.verify.entry import Entry
from migrator.verify.process import scratch_copy

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
WORKER = Path(__file__).with_name("worker.py")
BOOT = Path(process.__file__).with_name("workers") / "boot.py"
PATIENCE = 600.0  # seconds a process may live


@dataclasses.dataclass(frozen=True)
class Turn:
    """What one side did in one turn; `cpu_seconds` are those of all its threads."""

    steps: int
    seconds: float
    cpu_seconds: float


@dataclasses.dataclass(frozen=True)
class Speeds:
    """One program: what was measured in its turns, the same steps on both sides."""

    name: str
    legacy: tuple[Turn, ...]
    migrated: tuple[Turn, ...]

    @property
    def rates(self) -> tuple[float, float]:
        """Steps per second over all turns, legacy and migrated."""
        return _rate(self.legacy), _rate(self.migrated)

    @property
    def ratio(self) -> float:
        """Migrated over legacy: the median of the turns, so that one disturbed turn decides nothing."""
        return statistics.median(old.seconds / new.seconds for old, new in self._pairs())

    @property
    def cpu_ratio(self) -> float:
        """The same by processor time, which other work on the machine disturbs less."""
        return statistics.median(old.cpu_seconds / new.cpu_seconds for old, new in self._pairs())

    @property
    def met(self) -> bool:
        """Whether the migrated program is no slower."""
        return self.ratio >= 1.0

    def _pairs(self) -> list[tuple[Turn, Turn]]:
        return list(zip(self.legacy, self.migrated, strict=True))


class TrainingFailed(Exception):
    """A program did not get to its training; the message says why."""


def programs() -> list[str]:
    """The fixtures by name."""
    return sorted(path.parent.name for path in FIXTURES.glob("*/legacy"))


def sources_of(root: Path) -> dict[str, str]:
    """The Python files below a folder, root-relative posix path -> text."""
    paths = (path for path in sorted(root.rglob("*.py")) if "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def measure(name: str, pythons: Mapping[str, Path], seconds: float = 5.0, turns: int = 8) -> Speeds:
    """Trains both forms of a fixture in `turns` turns, `seconds` at least on each side. Raises TrainingFailed."""
    legacy = FIXTURES / name / "legacy"
    description = tomllib.loads((FIXTURES / name / "fixture.toml").read_text(encoding="utf-8"))
    entry = Entry.parse(shlex.join(description["entry"]))
    with scratch_copy(legacy) as old_root, scratch_copy(legacy) as new_root:
        for edit in convert(sources_of(legacy)).edits:
            (new_root / edit.path).write_text(edit.after, encoding="utf-8", newline="\n")
        with (
            _held(old_root, entry, "legacy", pythons["legacy"]) as old,
            _held(new_root, entry, "target", pythons["target"]) as new,
        ):
            pairs = _alternate(old, new, seconds, turns)
    return Speeds(name, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def _rate(turns: Sequence[Turn]) -> float:
    return sum(turn.steps for turn in turns) / sum(turn.seconds for turn in turns)


class Held:
    """A program that waits at its training call."""

    def __init__(self, running: subprocess.Popen[str], log: Path) -> None:
        self.running = running
        self.log = log
        self.unit: int = self.read()["unit"]  # steps come in multiples of it

    def read(self) -> dict[str, Any]:
        """The next answer. Raises TrainingFailed."""
        assert self.running.stdout is not None
        line = self.running.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"failure": "the process ended", "text": ""}
        if "failure" in answer:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise TrainingFailed("\n".join([answer["failure"], answer["text"] or tail]))
        return answer

    def train(self, steps: int) -> Turn:
        """One turn. Raises TrainingFailed when the program's own counter says that other steps were made."""
        assert self.running.stdin is not None
        self.running.stdin.write(f"{steps}\n")
        self.running.stdin.flush()
        answer = self.read()
        if answer["steps"] != steps:
            raise TrainingFailed(f"{answer['steps']} steps were made where {steps} were asked for")
        return Turn(**answer)


@contextlib.contextmanager
def _held(root: Path, entry: Entry, side: str, python: Path) -> Iterator[Held]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        request, log = Path(folder) / "request.json", Path(folder) / "log"
        told = {"root": str(root), "entry": entry.data(), "side": side, "boot": str(BOOT), "seconds": PATIENCE}
        request.write_text(json.dumps(told), encoding="utf-8")
        with log.open("wb") as errors:
            running = subprocess.Popen(
                [str(python), str(WORKER), str(request)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=root,
                env=_environment(folder),
            )
        watchdog = threading.Timer(PATIENCE, running.kill)
        watchdog.start()
        try:
            yield Held(running, log)
        finally:
            watchdog.cancel()
            running.kill()
            running.communicate()


def _environment(folder: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TF_CONFIG"))}
    own = {"TMPDIR": folder, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONNOUSERSITE": "1"}
    return {**kept, **own}


def _alternate(old: Held, new: Held, seconds: float, turns: int) -> list[tuple[Turn, Turn]]:
    """Turns of the same steps on both sides, until each has trained long enough."""
    for held in (old, new):
        held.train(new.unit)  # traces, fills buffers
    rate = max(_rate([held.train(new.unit)]) for held in (old, new))
    steps = new.unit * math.ceil(seconds / turns * rate / new.unit)
    pairs: list[tuple[Turn, Turn]] = []
    while len(pairs) < turns or min(sum(pair[side].seconds for pair in pairs) for side in (0, 1)) < seconds:
        # Who begins changes from turn to turn: whatever else the machine does falls on both alike.
        if len(pairs) % 2:
            migrated = new.train(steps)
            pairs.append((old.train(steps), migrated))
        else:
            pairs.append((old.train(steps), new.train(steps)))
    return pairs
