"""Where the project is and which Python files it has: by git inside a repository, by walking outside."""

from __future__ import annotations

import dataclasses
import os
import posixpath
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.workspace.errors import WorkspaceError
from migrator.workspace.repository import GitFault, Repository, all_files, find_repository, python_files

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MARKERS = ("pyproject.toml", "setup.py", "setup.cfg")
STATE_FOLDER = ".migrate"  # the undo journal; it ignores itself
REPORT_FOLDER = "migration-report"
SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".eggs", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    | {"node_modules", "site-packages", ".ipynb_checkpoints", STATE_FOLDER, REPORT_FOLDER}
)


@dataclasses.dataclass(frozen=True)
class Project:
    """The analysed root and what was named of it. All paths are resolved."""

    root: Path
    repository: Repository | None
    git_fault: str
    """Why git could not be asked although a repository is there; empty otherwise."""
    named: tuple[Path, ...]
    missing: tuple[str, ...]
    """Named paths that do not exist, as they were given."""

    @property
    def base(self) -> Path:
        """The folder that holds everything named: what `--output` copies."""
        folders = [path if path.is_dir() else path.parent for path in self.named]
        return Path(os.path.commonpath(folders)) if folders else self.root

    def is_named(self, path: str) -> bool:
        """Whether a root-relative path is a named file or lies below a named folder."""
        full = self.root / path
        return any(full == named or named in full.parents for named in self.named)

    def may_create(self, path: str) -> bool:
        """Whether a new file may be made: below a named folder or beside a named file."""
        return self.is_named(path) or any((self.root / path).parent == named.parent for named in self.named)


def locate(paths: Sequence[str | Path]) -> Project:
    """The project that the given files and folders belong to. Raises WorkspaceError when they belong to several."""
    named: list[Path] = []
    missing: list[str] = []
    for path in paths:
        try:
            named.append(Path(path).resolve(strict=True))
        except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
            missing.append(str(path))
    if not named:
        return Project(Path.cwd().resolve(), None, "", (), tuple(missing))
    found = {_root_of(path if path.is_dir() else path.parent) for path in named}
    outermost = {root for root in found if not any(other[0] in root[0].parents for other in found)}
    if len(outermost) > 1:
        if any(repository is not None or _marked(root) for root, repository, _ in outermost):
            roots = ", ".join(sorted(str(root) for root, _, _ in outermost))
            raise WorkspaceError(f"the given paths belong to different projects ({roots}); run migrate once for each")
        common = Path(os.path.commonpath([root for root, _, _ in outermost]))
        outermost = {(common, None, "")}
    ((root, repository, fault),) = outermost
    return Project(root, repository, fault, tuple(dict.fromkeys(named)), tuple(missing))


def _root_of(folder: Path) -> tuple[Path, Repository | None, str]:
    fault = ""
    try:
        repository = find_repository(folder)
    except GitFault as error:
        repository, fault = None, str(error)
    if repository is not None:
        return repository.top, repository, ""
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists() and not fault:
            break  # the folder is a build product of that repository, and a project of its own
        if _marked(parent):
            return parent, None, fault
    return folder, None, fault


def _marked(folder: Path) -> bool:
    return any((folder / marker).is_file() for marker in MARKERS)


def list_files(project: Project, exclude: Sequence[str] = ()) -> list[str]:
    """Every Python file and notebook of the root, and every named file, as sorted root-relative posix paths.

    `exclude` holds patterns as in .gitignore. A link to another file of the root is left out: it is that file.
    """
    if project.repository is not None:
        listed = set(python_files(project.repository, project.root))
    else:
        listed = set(_walk(project.root, lambda path: path.endswith((".py", ".ipynb"))))
    for path in project.named:
        if not path.is_dir():
            listed.add(path.relative_to(project.root).as_posix())
    return _present(project, listed, exclude)


def list_others(project: Project, wanted: Callable[[str], bool], exclude: Sequence[str] = ()) -> list[str]:
    """The files of the root that are `wanted`, of any kind, as sorted root-relative posix paths."""
    if project.repository is not None:
        listed = {path for path in all_files(project.repository, project.root) if wanted(path)}
    else:
        listed = set(_walk(project.root, wanted))
    return _present(project, listed, exclude)


def _present(project: Project, listed: set[str], exclude: Sequence[str]) -> list[str]:
    if exclude:
        spec = _spec(exclude)
        listed = {path for path in listed if not spec.match_file(path)}
    links = {path for path in listed if (project.root / path).is_symlink()}
    for link in links:
        target = Path(os.path.realpath(project.root / link))
        if not target.is_relative_to(project.root) or target.relative_to(project.root).as_posix() in listed:
            listed.discard(link)
    # Deleted in the working tree but still in the index: not there, and not the user's mistake.
    return sorted(path for path in listed if os.path.lexists(project.root / path))


def _walk(root: Path, wanted: Callable[[str], bool]) -> Iterator[str]:
    yield from _walk_folder(root, "", (), wanted)


def _walk_folder(
    root: Path, folder: str, ignores: tuple[tuple[str, GitIgnoreSpec], ...], wanted: Callable[[str], bool]
) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(root / folder), key=lambda entry: entry.name)
    except OSError:
        return  # a folder that may not be listed holds nothing that could be edited
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names:
        return
    if ".gitignore" in names:
        try:
            lines = (root / folder / ".gitignore").read_text(encoding="utf-8", errors="replace").splitlines()
            ignores = (*ignores, (folder, _spec(lines)))
        except OSError:
            pass
    for entry in entries:
        path = posixpath.join(folder, entry.name)
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED_FOLDERS and not _ignored(path + "/", ignores):
                yield from _walk_folder(root, path, ignores, wanted)
        elif wanted(path) and not _ignored(path, ignores):
            yield path


def _ignored(path: str, ignores: tuple[tuple[str, GitIgnoreSpec], ...]) -> bool:
    def below(folder: str) -> str:
        return path[len(folder) + 1 :] if folder else path

    return any(spec.match_file(below(folder)) for folder, spec in ignores)


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(lines)
