"""The git repository around a path: its files, and which of them differ from the index."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Iterable
from pathlib import Path

PATTERNS = ("*.py", "*.ipynb")
ARGUMENTS_PER_CALL = 500  # keeps a command line far below every system's limit


@dataclasses.dataclass(frozen=True)
class Repository:
    """A working tree. `top` is its resolved root folder."""

    top: Path


class GitFault(Exception):
    """A repository is there, but git cannot be asked about it."""


def find_repository(folder: Path) -> Repository | None:
    """The repository that holds `folder`; None when there is none or when git ignores the folder itself.

    Raises GitFault when a `.git` exists above and git does not answer (not installed, foreign owner ...).
    """
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return None
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()
    if folder != top and _ignored(folder):
        return None
    return Repository(top)


def python_files(repository: Repository, folder: Path) -> list[str]:
    """Python files and notebooks below `folder`, tracked or new but not ignored, relative to the top.

    Deleted ones are included.
    """
    return _files(folder, PATTERNS)


def all_files(repository: Repository, folder: Path) -> list[str]:
    """The same of files of any kind."""
    return _files(folder, ())


def _files(folder: Path, patterns: tuple[str, ...]) -> list[str]:
    command = ("ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard")
    listed = _git(folder, *command, "--", *patterns)
    return sorted({path for path in listed.split("\0") if path})


def uncommitted(repository: Repository, paths: Iterable[str]) -> dict[str, str]:
    """Of the given paths (relative to the top), those that git could not give back, each with the reason."""
    wanted = sorted(paths)
    tracked = set(_listed(repository, ("ls-files", "-z", "--cached"), wanted))
    changed = set(_listed(repository, ("diff", "--no-ext-diff", "--name-only", "-z"), wanted))
    reasons = {path: "is not tracked by git" for path in wanted if path not in tracked}
    reasons.update({path: "has changes that are neither committed nor staged" for path in wanted if path in changed})
    return reasons


def _listed(repository: Repository, command: tuple[str, ...], paths: list[str]) -> Iterable[str]:
    for start in range(0, len(paths), ARGUMENTS_PER_CALL):
        literal = [f":(literal,top){path}" for path in paths[start : start + ARGUMENTS_PER_CALL]]
        yield from filter(None, _git(repository.top, *command, "--", *literal).split("\0"))


def _ignored(folder: Path) -> bool:
    """Whether git ignores the folder: everything made below it is a build product, not part of the repository."""
    answer = _run(folder.parent, "check-ignore", "--quiet", str(folder))
    if answer.returncode > 1:
        raise GitFault(answer.stderr.strip())
    return answer.returncode == 0


def _git(folder: Path, *arguments: str) -> str:
    answer = _run(folder, *arguments)
    if answer.returncode != 0:
        raise GitFault(answer.stderr.strip() or f"git {arguments[0]} failed")
    return answer.stdout


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise GitFault(f"git cannot be run: {error.strerror}") from error
