"""What the tool itself costs: reading a tree, converting, starting. Times are processor time of one core."""

from __future__ import annotations

import ast
import dataclasses
import functools
import gc
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.training import FIXTURES, programs, sources_of
from migrator.conversion import Options
from migrator.convert import convert
from migrator.planning import plan
from migrator.workspace.discovery import list_files, locate
from migrator.workspace.plans import Plans, fingerprint
from migrator.workspace.reading import Sources, mentions_tensorflow, read_sources

REPEATS = 3  # the least of so many runs counts: whatever else runs only adds
STARTS = 21
SHARE = 20  # one file in so many belongs to a legacy program, in the tree with hits
COPIES = 2
SHARED_COPIES = 12  # so that starting a process is a small part of what it does


@dataclasses.dataclass(frozen=True)
class Cost:
    """One figure. `goal` bounds it from above, or from below where `least` is true."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    least: bool = False

    @property
    def met(self) -> bool:
        """Whether the goal, if there is one, is reached."""
        return self.goal is None or (self.value >= self.goal if self.least else self.value <= self.goal)


def costs() -> list[Cost]:
    """Every figure, measured now. Garbage is collected between the runs alone: the command leaves it to its end."""
    gc.disable()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        return [*scanning(Path(folder)), *converting(), *repeating(Path(folder)), *sharing(), *starting()]


# ---------------------------------------------------------------------------------------------------------- scanning
def scanning(folder: Path) -> list[Cost]:
    """Finding and reading the files of a tree, as a multiple of `ast.parse` over the same files."""
    plain, mixed = folder / "plain", folder / "mixed"
    count = _copy_library(plain)
    for name in programs():
        shutil.copytree(FIXTURES / name / "legacy", mixed / name, ignore=shutil.ignore_patterns("data", "__pycache__"))
    _copy_library(mixed, limit=(SHARE - 1) * sum(1 for _ in mixed.rglob("*.py")))
    lines = sum(path.read_bytes().count(b"\n") for path in plain.rglob("*.py"))
    parse, scan = _least(lambda: _parse_all(plain)), _least(lambda: _scan(plain))
    parse_mixed, scan_mixed = _least(lambda: _parse_all(mixed)), _least(lambda: _scan(mixed))
    texts = _scan(mixed).texts
    whole_mixed = scan_mixed + _least(lambda: convert(texts), repeats=1)
    return [
        Cost(f"files scanned without hits ({count} files, {lines} lines)", lines / scan, "lines/s"),
        Cost("scan without hits", scan / parse, "x ast.parse", goal=0.03),
        Cost(f"scan with hits (1 file in {SHARE})", scan_mixed / parse_mixed, "x ast.parse"),
        Cost(f"scan and conversion with hits (1 file in {SHARE})", whole_mixed / parse_mixed, "x ast.parse"),
    ]


def _copy_library(target: Path, limit: int | None = None) -> int:
    """Copies the standard library's parsable files that say nothing of TensorFlow; returns how many."""
    library = Path(sysconfig.get_paths()["stdlib"])
    count = 0
    for path in sorted(library.rglob("*.py")):
        relative = path.relative_to(library)
        if {"site-packages", "dist-packages", "__pycache__", "test", "tests"} & set(relative.parts):
            continue
        data = path.read_bytes()
        if mentions_tensorflow(data) or not _parses(data):
            continue
        # Under other names, or every program's `import os` would be one of a file of its own tree.
        copy = target.joinpath(*(f"plain_{part}" for part in relative.parts))
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
        count += 1
        if count == limit:
            break
    return count


def _parses(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(data)
    except (SyntaxError, ValueError):
        return False
    return True


def _parse_all(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in root.rglob("*.py"):
            ast.parse(path.read_bytes())


def _scan(root: Path) -> Sources:
    project = locate([root])
    return read_sources(project, list_files(project))


# -------------------------------------------------------------------------------------------------------- converting
def converting() -> list[Cost]:
    """Lines per second on the files that a conversion changes: each fixture alone, and all of them many times over."""
    single = {name: sources_of(FIXTURES / name / "legacy") for name in programs()}
    convert(single[programs()[0]])  # loads the rules
    found = []
    lines = seconds = 0.0
    for sources in single.values():
        lines += _lines_converted(sources)
        seconds += _least(functools.partial(convert, sources))
    found.append(Cost(f"conversion, {len(single)} programs one by one", lines / seconds, "lines/s", 3000, least=True))
    large = many(COPIES)
    seconds = _least(lambda: convert(large))
    name = f"conversion, one tree of {COPIES * len(single)} programs"
    return [*found, Cost(name, _lines_converted(large) / seconds, "lines/s", 3000, least=True)]


def _lines_converted(sources: Mapping[str, str]) -> int:
    return sum(edit.before.count("\n") for edit in convert(sources).edits if edit.before is not None)


# --------------------------------------------------------------------------------------------------------- repeating
def repeating(folder: Path) -> list[Cost]:
    """A second run over a tree that did not change: against a scan where programs are few, else against the first."""
    mixed, crowded = folder / "mixed", _write(folder / "many", many(SHARED_COPIES))
    first = _least(lambda: plan(_scan(crowded).texts, Options(), plans=Plans(folder / "plans")), repeats=1)
    plan(_scan(mixed).texts, Options(), plans=Plans(folder / "plans"))

    def second(root: Path) -> None:
        fingerprint.cache_clear()  # a new process reads the tool's own files again
        plan(_scan(root).texts, Options(), plans=Plans(folder / "plans"))

    few = _least(lambda: second(mixed)) / _least(lambda: _scan(mixed))
    count = SHARED_COPIES * len(programs())
    return [
        Cost(f"second run, nothing changed (1 file in {SHARE})", few, "x scan", goal=2),
        Cost(
            f"second run, nothing changed ({count} programs)",
            _least(lambda: second(crowded)) / first,
            "x first run",
            0.05,
        ),
    ]


def many(copies: int) -> dict[str, str]:
    """The sources of every program so many times over, each in a folder of its own."""
    return {
        f"part_{copy}/{name}/{path}": text
        for copy in range(copies)
        for name in programs()
        for path, text in sources_of(FIXTURES / name / "legacy").items()
    }


def _write(root: Path, sources: Mapping[str, str]) -> Path:
    for path, text in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


# ----------------------------------------------------------------------------------------------------------- sharing
def sharing() -> list[Cost]:
    """Planning in two processes against one, by the clock: the least of turns that alternate."""
    sources = many(SHARED_COPIES)
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(REPEATS):
        for jobs, taken in times.items():
            gc.collect()
            started = time.perf_counter()
            plan(sources, Options(), jobs)
            taken.append(time.perf_counter() - started)
    name = f"-j 2, one tree of {SHARED_COPIES * len(programs())} programs ({min(times[1]):.1f} s with -j 1)"
    return [Cost(name, min(times[1]) / min(times[2]), "x as fast as -j 1", 1.6, least=True)]


# ---------------------------------------------------------------------------------------------------------- starting
def starting() -> list[Cost]:
    """`migrate --version` against `import click`: medians of starts that alternate."""
    script = Path(sys.executable).with_name("migrate")
    version = [str(script)] if script.exists() else [sys.executable, "-m", "migrator"]
    commands = {"migrate": [*version, "--version"], "click": [sys.executable, "-c", "import click"]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(STARTS):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return [
        Cost("migrate --version", 1000 * medians["migrate"], "ms"),
        Cost("migrate --version", medians["migrate"] / medians["click"], "x import click", goal=1.5),
    ]


def _least(work: Callable[[], object], repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        gc.collect()
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)
