"""Processes for worker jobs: fresh interpreters, or forks of one that imported TensorFlow, which saves seconds each.

Forks are made inside `with shared_workers():`, where the system has them; what a job sees is the same either way.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from migrator.verify.runtimes import Runtime

_BOOT = Path(__file__).parent / "workers" / "boot.py"
# What every job of a runtime imports first.
_PREPARED = {"legacy": ("tensorflow",), "tf1": ("tensorflow",), "target": ("tensorflow", "keras")}


class Process(Protocol):
    """What `subprocess.Popen` and a fork have in common."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None:
        """The exit status; None while it runs."""

    def wait(self) -> int:
        """The exit status, when there is one."""


@contextlib.contextmanager
def shared_workers() -> Iterator[None]:
    """As long as the context lasts jobs of one runtime are forks of one process. One at a time: not for threads."""
    if _SHARED.get() is not None or not hasattr(os, "fork"):
        yield
        return
    hosts: dict[Path, _Host] = {}
    token = _SHARED.set(hosts)
    try:
        yield
    finally:
        _SHARED.reset(token)
        for host in hosts.values():
            host.close()


def start(
    runtime: Runtime, asked: Path, cwd: Path, output: Path, errors: Path, environment: Mapping[str, str]
) -> Process:
    """Starts the job that the file `asked` tells, in a session of its own; what it prints goes into two files."""
    hosts = _SHARED.get()
    if hosts is not None and runtime.name in _PREPARED:
        for _ in range(2):  # a second one when the first was killed, for want of memory perhaps
            if runtime.python not in hosts:
                hosts[runtime.python] = _Host(runtime, environment)
            try:
                return hosts[runtime.python].fork(asked, cwd, output, errors, environment)
            except (OSError, ValueError):
                hosts.pop(runtime.python).close()
    with output.open("wb") as out, errors.open("wb") as err:
        return subprocess.Popen(
            [str(runtime.python), str(_BOOT), str(asked)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=str(cwd),
            env=dict(environment),
            start_new_session=True,
        )


class _Host:
    """The process that forks (workers/host.py), seen from here."""

    def __init__(self, runtime: Runtime, environment: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="migrate-host-")
        place = Path(self._folder.name)
        request = {"job": "host", "prepare": _PREPARED[runtime.name], "answer": str(place / "answer")}
        (place / "request.json").write_text(json.dumps(request), encoding="utf-8")
        self._process = subprocess.Popen(
            [str(runtime.python), str(_BOOT), str(place / "request.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=place,
            env={**environment, "TMPDIR": str(place)},
            start_new_session=True,
        )

    def fork(self, asked: Path, cwd: Path, output: Path, errors: Path, environment: Mapping[str, str]) -> _Fork:
        """Raises OSError or ValueError when the process is not there any more."""
        told = {"request": str(asked), "cwd": str(cwd), "out": str(output), "err": str(errors)}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({**told, "environment": dict(environment)}).encode() + b"\n")
        self._process.stdin.flush()
        return _Fork(json.loads(self._process.stdout.readline())["pid"], self._process)

    def close(self) -> None:
        """Ends the process, which waits for jobs only, at the latest by force."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()


class _Fork:
    """A job's process: a child of the host, which tells its end."""

    def __init__(self, pid: int, host: subprocess.Popen[bytes]) -> None:
        self.pid = pid
        self._host = host
        self._status: int | None = None

    def poll(self) -> int | None:
        """As `Popen.poll`."""
        assert self._host.stdout is not None
        if self._status is None and select.select([self._host.stdout], [], [], 0.0)[0]:
            self._read()
        return self._status

    def wait(self) -> int:
        """As `Popen.wait`."""
        if self._status is None:
            self._read()
        assert self._status is not None
        return self._status

    def _read(self) -> None:
        assert self._host.stdout is not None
        line = self._host.stdout.readline()
        self._status = json.loads(line)["status"] if line else -signal.SIGKILL  # the host is gone, and the job with it


_SHARED: contextvars.ContextVar[dict[Path, _Host] | None] = contextvars.ContextVar("shared workers", default=None)
