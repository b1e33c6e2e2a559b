"""Jobs that are forked from a process that stays: they are told, limited and alone like those of a fresh one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.verify import hosts
from migrator.verify.hosts import shared_workers
from migrator.verify.process import Limits, Outcome, run_worker
from migrator.verify.runtimes import Runtime, provide

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="without fork every job has a fresh process")


@pytest.fixture
def alone() -> Iterator[None]:
    """Hosts of this test, not those that the session shares."""
    token = hosts._SHARED.set(None)
    with shared_workers():
        yield
    hosts._SHARED.reset(token)


def running() -> dict[Path, hosts._Host]:
    found = hosts._SHARED.get()
    assert found is not None
    return found


def test_a_job_that_crashes_is_told_as_of_a_fresh_process(alone: None, tmp_path: Path) -> None:
    runtime = Runtime("target", Path(sys.executable), {})  # without TensorFlow: every job crashes
    request = {"job": "run", "side": "target", "guarded": False}
    for _ in range(2):
        outcome = run_worker(runtime, request, tmp_path, Limits())
        assert outcome.status == "crashed" and "No module named" in outcome.reason
    host = running()[runtime.python]
    os.kill(host._process.pid, signal.SIGKILL)
    assert run_worker(runtime, request, tmp_path, Limits()).status == "crashed"
    assert running()[runtime.python] is not host, "one that was killed is replaced"


def test_other_interpreters_are_started_anew(alone: None, tmp_path: Path) -> None:
    run_worker(Runtime("fake", Path(sys.executable), {}), {"job": "run"}, tmp_path, Limits())
    assert running() == {}


PROGRAM = """
import os, random, sys, tempfile
{more}
print(os.getcwd(), tempfile.gettempdir(), random.random(), "tensorflow" in sys.modules, os.environ.get("TOLD"))
"""


def ran(folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = "", limits: Limits = Limits()) -> Outcome:
    root = folder / "program"
    root.mkdir(parents=True)
    (root / "train.py").write_text(PROGRAM.format(more=more))
    monkeypatch.setenv("TOLD", folder.name)
    entry = {"script": "train.py", "module": "", "arguments": []}
    request = {"job": "run", "side": "target", "guarded": True, "root": str(root), "cwd": str(root), "entry": entry}
    return run_worker(provide("target"), request, folder, limits)


@pytest.mark.runtime
def test_jobs_of_one_host_share_nothing_but_tensorflow(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for name in ("one", "two"):
        outcome = ran(tmp_path / name, monkeypatch, "import builtins\nassert not hasattr(builtins, 'left')\nbuiltins.left = 1")
        assert outcome.status == "done" and not outcome.result["ending"]
        folder, temporary, number, imported, told = outcome.printed.split()
        assert (folder, temporary) == (str(tmp_path / name / "program"), str(tmp_path / name / "tmp"))
        assert (imported, told) == ("True", name)
        seen.append(number)
    assert seen[0] != seen[1], "each draws random numbers of its own"
    assert len(running()) == 1


@pytest.mark.runtime
def test_a_job_that_hangs_or_eats_memory_is_stopped_and_the_host_goes_on(
    alone: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.verify.process._GRACE", 0.0)
    deaf = "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(60)"
    start = time.monotonic()
    hung = ran(tmp_path / "hung", monkeypatch, deaf, Limits(program_seconds=0.5, seconds=1.0))
    assert hung.status == "hung" and time.monotonic() - start < 40
    hungry = "import time\nblock = bytearray(1500 * 2 ** 20)\nblock[::4096] = b'x' * len(block[::4096])\ntime.sleep(60)"
    assert ran(tmp_path / "hungry", monkeypatch, hungry, Limits(megabytes=1400)).status == "memory"
    assert ran(tmp_path / "fine", monkeypatch).status == "done"
    assert len(running()) == 1
