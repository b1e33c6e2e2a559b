"""Jobs in the target runtime without a new import of TensorFlow each: a process that forks for every job."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from migrator.verify import process
from migrator.verify.process import Limits, Outcome
from migrator.verify.runtimes import Runtime, provide

_ZYGOTE = Path(__file__).with_name("zygote.py")


class Forks:
    """The process with TensorFlow imported. Its jobs run one after another, each in a child of its own."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()

    def run(self, script: Path, arguments: list[str], folder: Path, seconds: float, cwd: Path | None = None) -> str:
        """Runs the `main` of a script; "" or what went wrong. Its output goes to files in the folder."""
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        request = {
            "script": str(script),
            "arguments": arguments,
            "cwd": str(cwd or folder),
            "output": str(folder / f"{script.stem}.out"),
            "errors": str(folder / f"{script.stem}.err"),
            "temporary": str(temporary),
            "seconds": seconds,
        }
        zygote = self._started()
        assert zygote.stdin is not None and zygote.stdout is not None
        zygote.stdin.write(json.dumps(request) + "\n")
        zygote.stdin.flush()
        answer = json.loads(zygote.stdout.readline())
        if answer["hung"]:
            return f"still running after {seconds:.0f} seconds"
        if answer["status"]:
            return f"status {answer['status']}: {_tail(folder / f'{script.stem}.err')}"
        return ""

    def worker(self, runtime: Runtime, request: Mapping[str, Any], folder: Path, limits: Limits) -> Outcome:
        """The verifier's own `run_worker`, by a fork: the same job from the same request."""
        if runtime.name != "target":
            return process.run_worker(runtime, request, folder, limits)
        folder = folder.resolve()
        asked = folder / f"{request['job']}.request.json"
        answer = folder / f"{request['job']}.result.json"
        told = {**request, "program_seconds": min(limits.program_seconds, limits.seconds), "answer": str(answer)}
        asked.write_text(json.dumps(told), encoding="utf-8")
        failure = self.run(process._BOOT, [str(asked)], folder, limits.seconds, Path(request.get("cwd") or folder))
        printed = (folder / "boot.out").read_text(encoding="utf-8", errors="replace")
        if not answer.exists():
            return Outcome("hung" if "still running" in failure else "crashed", {}, printed, failure)
        return Outcome("done", json.loads(answer.read_text(encoding="utf-8")), printed)

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            environment = process._environment(Path("/tmp"))
            self._process = subprocess.Popen(
                [str(provide("target").python), str(_ZYGOTE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=environment,
            )
        return self._process


def _tail(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " | ".join(lines[-3:])[-400:]
