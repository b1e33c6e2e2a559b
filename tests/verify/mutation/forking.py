"""Jobs in the target runtime without a new import of TensorFlow each: a process that forks for every job."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType

from migrator.verify import process
from migrator.verify.runtimes import provide

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
