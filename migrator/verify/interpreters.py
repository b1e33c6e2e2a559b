"""Python interpreters on this machine, by version: PATH and pyenv's installed versions, never a pyenv shim."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_interpreter(version: str) -> Path | None:
    """The first working interpreter of `version` ("3.7"), or None when this machine has none."""
    return next((path for path in _candidates(version) if _is_version(path, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        # A shim fails when its version is not the selected one, so pyenv's own folders are read instead.
        if folder and Path(folder).name != "shims":
            found = shutil.which(f"python{version}", path=folder)
            if found:
                yield Path(found)
    for root in _pyenv_roots():
        installed = [path for path in root.glob(f"versions/{version}*") if re.fullmatch(_exact(version), path.name)]
        for path in sorted(installed, key=lambda path: _patch(path.name), reverse=True):
            yield path / "bin" / "python"


def _pyenv_roots() -> Iterator[Path]:
    if os.environ.get("PYENV_ROOT"):
        yield Path(os.environ["PYENV_ROOT"])
    yield Path.home() / ".pyenv"


def _exact(version: str) -> str:
    return re.escape(version) + r"(\.\d+)?"


def _patch(name: str) -> int:
    return int(name.split(".")[2]) if name.count(".") == 2 else 0


def _is_version(path: Path, version: str) -> bool:
    command = [str(path), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version
