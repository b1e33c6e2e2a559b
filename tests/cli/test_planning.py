"""However a plan is come by, in one process or several, made or kept, it is the same plan."""

from __future__ import annotations

import concurrent.futures
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from migrator import planning
from migrator.conversion import Conversion, Options
from migrator.convert import convert
from migrator.planning import narrowed, plan
from migrator.workspace.plans import Plans

from ..fixtures.programs import NAMES, program, read_sources
from ..workspace.trees import write_tree

PROGRAMS = NAMES[:3]
TREE = {f"{name}/{path}": text for name in PROGRAMS for path, text in read_sources(program(name).legacy).items()}
BROKEN = {**TREE, "broken/train.py": "import tensorflow as tf\ntf.estimator.Estimator(\n"}


@pytest.fixture(scope="module")
def whole() -> Conversion:
    """The plan of the tree, made by the converter itself."""
    return convert(BROKEN)


@pytest.fixture
def cheap_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tree of two parts is worth another process."""
    monkeypatch.setattr(planning, "WORTH_A_PROCESS", 0)


def never(*_: object) -> Conversion:
    """A converter that must not be called."""
    raise AssertionError("converted anew")


@pytest.mark.usefixtures("cheap_processes")
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_any_number_of_processes_makes_the_same_plan(whole: Conversion, jobs: int) -> None:
    assert plan(BROKEN, Options(), jobs) == whole
    assert whole.edits and whole.models and whole.ledger.problems


def test_a_kept_plan_is_the_same_and_costs_no_conversion(
    whole: Conversion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan(BROKEN, Options(), 1, Plans(tmp_path)) == whole
    monkeypatch.setattr(planning, "_convert", never)
    monkeypatch.setattr(planning, "_parts", never)
    assert plan(BROKEN, Options(), 1, Plans(tmp_path)) == whole


def test_a_changed_file_costs_the_conversion_of_its_own_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(TREE, Options(), 1, Plans(tmp_path))
    asked: list[Mapping[str, str]] = []
    real = planning._convert

    def watched(sources: Mapping[str, str], options: Options) -> Conversion:
        asked.append(sources)
        return real(sources, options)

    monkeypatch.setattr(planning, "_convert", watched)
    changed = next(path for path in TREE if path.startswith(f"{PROGRAMS[0]}/"))
    edited = {**TREE, changed: TREE[changed] + "\n# one more line\n"}
    assert plan(edited, Options(), 1, Plans(tmp_path)) == convert(edited)
    assert [sorted(sources) for sources in asked] == [[p for p in sorted(TREE) if p.startswith(f"{PROGRAMS[0]}/")]]


@pytest.mark.usefixtures("cheap_processes")
@pytest.mark.parametrize("fault", [OSError("no semaphores"), concurrent.futures.BrokenExecutor("killed")])
def test_where_no_process_can_be_had_the_work_is_done_here(
    whole: Conversion, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", failing)
    assert plan(BROKEN, Options(), 2) == whole


def test_small_trees_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_in_processes", never)
    assert plan({"a.py": "import tensorflow\n", "b.py": "import tensorflow\n"}, Options(), 8).edits == ()


def test_options_say_of_a_part_what_concerns_it() -> None:
    part = ("a/net.py", "a/train.py")
    options = Options(editable=frozenset({"a/train.py", "b.py"}), excluded_groups=frozenset({"b.py:3", "a/train.py:7"}))
    found = narrowed(options, part)
    assert (found.editable, found.excluded_groups) == ({"a/train.py"}, {"a/train.py:7"})
    assert narrowed(Options(editable=frozenset({*part, "b.py"})), part).editable is None


def test_paths_and_groups_count_part_by_part(whole: Conversion, tmp_path: Path) -> None:
    named = frozenset(path for path in TREE if path.startswith(PROGRAMS[1]))
    held = frozenset(group for edit in whole.edits for group in edit.groups if edit.path.startswith(PROGRAMS[2]))
    for options in (Options(editable=named), Options(excluded_groups=held)):
        for _ in ("made", "kept"):
            assert plan(BROKEN, options, 1, Plans(tmp_path)) == convert(BROKEN, options)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_processes_end_with_the_one_that_began_them(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from migrator import planning\n"
        "from migrator.conversion import Options\n"
        "def slow(sources, options):\n"
        "    import os, pathlib, time\n"
        "    pathlib.Path(sys.argv[1], str(os.getpid())).touch()\n"
        "    time.sleep(60)\n"
        "planning._convert, planning.WORTH_A_PROCESS = slow, 0\n"
        "if __name__ == '__main__':\n"
        "    planning.plan({'a.py': 'tensorflow', 'b.py': 'tensorflow'}, Options(), 2)\n"
    )
    write_tree(tmp_path, {"slow.py": script, "seen/x": ""})
    process = subprocess.Popen([sys.executable, tmp_path / "slow.py", tmp_path / "seen"])
    try:
        wait_for(lambda: len(list((tmp_path / "seen").iterdir())) == 3)
    finally:
        process.kill()
        process.wait()
    others = [int(path.name) for path in (tmp_path / "seen").iterdir() if path.name not in ("x", str(process.pid))]
    wait_for(lambda: not any(running(pid) for pid in others))


def wait_for(done: Callable[[], bool]) -> None:
    """Waits half a minute at most."""
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def running(pid: int) -> bool:
    """Whether a process of ours still runs; one that ended and waits for its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_the_command_plans_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path / "p", {path: TREE[path] for path in TREE if path.startswith(PROGRAMS[0])})
    monkeypatch.setenv("MIGRATE_CACHE", str(tmp_path / "cache"))

    def migrate(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "migrator", str(tmp_path / "p"), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        return done.returncode, done.stdout

    first = migrate("--diff", "--no-cache")
    assert not (tmp_path / "cache" / "plans").exists()
    assert [migrate("--diff"), migrate("--diff", "-j", "2")] == [first, first]
    assert first[0] == 1
    assert len([path for path in (tmp_path / "cache" / "plans").rglob("*") if path.is_file()]) == 2
