"""Worker processes: one job in a runtime's interpreter, on a scratch copy, within limits of time and memory."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from migrator.verify.hosts import Process, shared_workers, start
from migrator.verify.runtimes import Runtime

_GRACE = 30.0  # seconds a worker has after its program was stopped, to hand over what it has seen
_BEAT = 0.05  # seconds between two looks at a worker
_LEFT_BEHIND = ("venv", "env", "node_modules", "__pycache__", "migration-report")


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one worker may use. `program_seconds` is for the program's own run, `seconds` for the whole job."""

    program_seconds: float = 180.0
    seconds: float = 600.0
    megabytes: int = 8192


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a worker ended. `result` is there when it is "done"; otherwise `reason` says what happened."""

    status: Literal["done", "crashed", "hung", "memory"]
    result: Mapping[str, Any]
    printed: str
    reason: str = ""


@contextlib.contextmanager
def scratch_copy(root: Path) -> Iterator[Path]:
    """A throw-away copy of a program's tree, so that what it writes harms nothing."""
    with tempfile.TemporaryDirectory(prefix="migrate-verify-") as folder:
        copy = Path(os.path.realpath(folder)) / "program"
        shutil.copytree(root, copy, symlinks=True, ignore=_ignored, ignore_dangling_symlinks=True)
        yield copy


def run_worker(runtime: Runtime, request: Mapping[str, Any], folder: Path, limits: Limits) -> Outcome:
    """Runs one job. `request` names the job; its result is read from `folder`, which must exist."""
    folder = folder.resolve()
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    asked = folder / f"{request['job']}.request.json"
    answer = folder / f"{request['job']}.result.json"
    answer.unlink(missing_ok=True)
    seconds = min(limits.program_seconds, limits.seconds)
    asked.write_text(json.dumps({**request, "program_seconds": seconds, "answer": str(answer)}), encoding="utf-8")
    output, errors = folder / f"{request['job']}.out", folder / f"{request['job']}.err"
    process = start(runtime, asked, Path(request.get("cwd") or folder), output, errors, _environment(temporary))
    ending = _wait(process, limits)
    printed = output.read_text(encoding="utf-8", errors="replace")
    if ending:
        return Outcome(ending, {}, printed, _reasons(limits)[ending])
    if not answer.exists():
        tail = _tail(errors.read_text(encoding="utf-8", errors="replace"))
        return Outcome("crashed", {}, printed, f"it ended with status {process.wait()}: {tail}")
    return Outcome("done", json.loads(answer.read_text(encoding="utf-8")), printed)


def _wait(process: Process, limits: Limits) -> Literal["", "hung", "memory"]:
    deadline = time.monotonic() + limits.seconds + _GRACE
    ending: Literal["", "hung", "memory"] = ""
    try:
        while process.poll() is None and not ending:
            if time.monotonic() > deadline:
                ending = "hung"
            elif _resident_megabytes(process.pid) > limits.megabytes:
                ending = "memory"
            else:
                time.sleep(_BEAT)
    finally:
        # Whatever the program started belongs to its session and goes with it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return ending


def _resident_megabytes(pid: int) -> float:
    """Resident memory of a process; 0 where the system has no /proc (there the time limit is the only one)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _environment(temporary: Path) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TF_CONFIG"))}
    return {
        **environment,
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(temporary),
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",  # its kernels round differently from one version to the next
        "MPLBACKEND": "Agg",
    }


def _ignored(folder: str, names: list[str]) -> set[str]:
    ignored = {name for name in names if name in _LEFT_BEHIND}
    # Hidden folders are caches and repositories; a program's own hidden files stay.
    return ignored | {name for name in names if name.startswith(".") and os.path.isdir(os.path.join(folder, name))}


def _tail(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " | ".join(lines[-3:])[-600:] or f"(nothing on its error output, {sys.platform})"


def run_many(
    runtime: Runtime, job: str, requests: Sequence[Mapping[str, Any]], folder: Path, limits: Limits
) -> list[Outcome]:
    """Runs jobs of one kind one after another, which share what they can. Limits are per job."""
    with shared_workers():
        return [run_worker(runtime, {**request, "job": job}, folder, limits) for request in requests]


def _reasons(limits: Limits) -> dict[str, str]:
    return {
        "hung": f"it was still running after {limits.seconds:.0f} seconds and was stopped",
        "memory": f"it used more than {limits.megabytes} MB of memory and was stopped",
    }
