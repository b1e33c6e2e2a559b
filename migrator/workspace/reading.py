"""The texts that an analysis needs: files that mention TensorFlow, and the files joined to them by imports."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from migrator.cells import SUFFIX
from migrator.ledger import FileProblem
from migrator.workspace import diagnosis, notebooks
from migrator.workspace.discovery import Project
from migrator.workspace.encoding import Undecodable, decode
from migrator.workspace.imports import ImportIndex

NEEDLES = (b"tensorflow", b"tf_slim", b"stimator")  # no program that uses Estimators is without all of them


@dataclasses.dataclass(frozen=True)
class Sources:
    """What was read: how many files were looked at, the texts to analyse, and the files that could not be read."""

    scanned: int
    texts: Mapping[str, str]
    problems: tuple[FileProblem, ...]


def read_sources(project: Project, paths: Sequence[str], jobs: int = 1) -> Sources:
    """Texts of the related files among `paths`. An unrelated file costs one read and a search of its bytes.

    A file that was named on the command line gets a message also when it is empty or unrelated.
    """
    contents: dict[str, bytes] = {}
    problems = [FileProblem(path, "missing", "no such file or folder") for path in project.missing]
    unrelated: list[str] = []
    asked_for = {path.relative_to(project.root).as_posix() for path in project.named if not path.is_dir()}
    for path, data in zip(paths, _read_all(project.root, paths, jobs), strict=True):
        if isinstance(data, OSError):
            problems.append(FileProblem(path, "unreadable", f"cannot be read: {data.strerror or data}"))
        elif path in asked_for and (problem := _named_problem(path, data)):
            problems.append(problem)
        elif mentions_tensorflow(data):
            contents[path] = data
        else:
            unrelated.append(path)
    notebooks_read = {path: contents.pop(path) for path in list(contents) if path.endswith(SUFFIX)}
    if contents and unrelated:
        modules = [path for path in unrelated if not path.endswith(SUFFIX)]
        contents.update(_related(project.root, contents, modules))
    texts: dict[str, str] = {}
    for path, data in sorted(notebooks_read.items()):
        try:
            texts[path] = notebooks.code(data)
        except ValueError as error:
            problems.append(FileProblem(path, "unparsable", str(error)))
    for path in sorted(contents):
        problem = diagnosis.of_bytes(path, contents[path])
        if problem is None:
            try:
                texts[path] = decode(contents[path]).text
                continue
            except Undecodable as error:
                problem = FileProblem(path, "undecodable", str(error))
        if problem.kind == "empty":
            texts[path] = ""  # an empty __init__.py is part of a package, not a problem
        else:
            problems.append(problem)
    return Sources(len(paths), texts, tuple(problems))


def mentions_tensorflow(data: bytes) -> bool:
    """The prefilter: whether a file can have anything to do with an Estimator program by itself."""
    return any(needle in data for needle in NEEDLES)


def _named_problem(path: str, data: bytes) -> FileProblem | None:
    if path.endswith(SUFFIX):
        return None
    problem = diagnosis.of_bytes(path, data)
    if problem is not None or mentions_tensorflow(data):
        return problem  # a related file is decoded and parsed later, with everything else
    try:
        return diagnosis.of_text(path, decode(data).text)
    except Undecodable as error:
        return FileProblem(path, "undecodable", str(error))


def _related(root: Path, contents: Mapping[str, bytes], unrelated: Sequence[str]) -> dict[str, bytes]:
    """Files without a mention that import one with a mention, or are imported by it, directly or through others."""
    index = ImportIndex([*contents, *unrelated])
    bytes_of = functools.cache(lambda path: contents[path] if path in contents else _read(root, path))
    imports: dict[str, set[str]] = {}

    def imports_of(path: str) -> set[str]:
        if path not in imports:
            data = bytes_of(path)
            imports[path] = index.imports(path, data) if isinstance(data, bytes) else set()
        return imports[path]

    importers: dict[str, set[str]] = {}
    for path in (*contents, *unrelated):
        for imported in imports_of(path):
            importers.setdefault(imported, set()).add(path)
    wanted = _closure(contents, lambda path: importers.get(path, set()))
    wanted = _closure(wanted, imports_of)
    found = {path: bytes_of(path) for path in wanted if path not in contents}
    return {path: data for path, data in found.items() if isinstance(data, bytes)}


def _closure(start: Iterable[str], following: Callable[[str], set[str]]) -> set[str]:
    seen = set(start)
    waiting = list(seen)
    while waiting:
        for path in following(waiting.pop()) - seen:
            seen.add(path)
            waiting.append(path)
    return seen


def _read_all(root: Path, paths: Sequence[str], jobs: int) -> Iterable[bytes | OSError]:
    if jobs <= 1 or len(paths) < 64:
        return (_read(root, path) for path in paths)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(functools.partial(_read, root), paths, chunksize=64))


def _read(root: Path, path: str) -> bytes | OSError:
    try:
        with open(os.path.join(root, path), "rb", buffering=0) as file:
            return file.readall()
    except OSError as error:
        return error
