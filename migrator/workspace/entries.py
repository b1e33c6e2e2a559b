"""Which script starts the program that a model belongs to, and from which folder it is run."""

from __future__ import annotations

import dataclasses
import os
import posixpath
import re
from collections.abc import Collection, Mapping

from migrator.workspace.imports import ImportIndex, imported_names

_MAIN = re.compile(r"^if\s+__name__\s*==\s*['\"]__main__['\"]|^\s*(?:\w+\.)?(?:compat\.v1\.)?app\.run\(", re.M)
_TRAINS = re.compile(r"\btrain_and_evaluate\(|\.(?:train|fit|evaluate|predict)\(|\blearn_runner\.run\(")


@dataclasses.dataclass(frozen=True)
class Program:
    """A command: `entry` (`train.py ...` or `-m package.module ...`) run in a root-relative folder ("": the root)."""

    folder: str
    entry: str


@dataclasses.dataclass(frozen=True)
class NoProgram:
    """No single entry point was found; `reason` says what to pass."""

    reason: str


def find_program(sources: Mapping[str, str], models: Collection[str]) -> Program | NoProgram:
    """The program that runs the models in the given files: the script that reaches all of them by imports."""
    index = ImportIndex(sources)
    reaching = [path for path in sources if set(models) <= _reached(index, sources, path)]
    mains = [path for path in reaching if _MAIN.search(sources[path])]
    if not mains:  # a script without a guard: nothing imports it
        imported = {found for path in sources for found in index.imports(path, sources[path].encode())}
        mains = [path for path in reaching if path not in imported and not path.endswith("__init__.py")]
    own = [path for path in mains if path in models]
    candidates = own if len(own) == 1 else mains
    training = [path for path in candidates if _TRAINS.search(sources[path])]
    if len(candidates) > 1 and len(training) == 1:
        candidates = training
    where = ", ".join(sorted(models))
    if not candidates:
        return NoProgram(f"no script was found that runs {where}; name one with --entry 'script.py --its arguments'")
    if len(candidates) > 1:
        choices = ", ".join(sorted(candidates)[:6]) + (" ..." if len(candidates) > 6 else "")
        return NoProgram(f"several scripts run {where} ({choices}); choose with --entry 'script.py --its arguments'")
    return _command(index, sources, candidates[0], models)


def given_program(entry: str, start: str, sources: Mapping[str, str], models: Collection[str]) -> Program:
    """The program of an entry that a person gave, run where they would run it: the root-relative folder `start`.

    When a model file lies outside that folder, the folder is the nearest one above that holds all.
    """
    entry = re.sub(r"^\s*python[\d.]*\s+", "", entry).strip()
    words = entry.split(maxsplit=1)
    script = "" if not words or words[0] == "-m" else words[0]
    folder = start
    while script and posixpath.normpath(posixpath.join(folder, script)) not in sources and folder:
        folder = posixpath.dirname(folder)
    if script and posixpath.normpath(posixpath.join(folder, script)) not in sources:
        folder = start  # not a file that was read; let the run itself say what is wrong
    common = _common_folder([posixpath.join(folder, "_"), *models])
    if script and common != folder:
        script = posixpath.relpath(posixpath.join(folder, script), common or ".")
        return Program(common, " ".join([script, *words[1:]]))
    return Program(folder, entry)


def _reached(index: ImportIndex, sources: Mapping[str, str], start: str) -> set[str]:
    seen, waiting = {start}, [start]
    while waiting:
        path = waiting.pop()
        for found in index.imports(path, sources[path].encode(errors="replace")) - seen:
            seen.add(found)
            waiting.append(found)
    return seen


def _command(index: ImportIndex, sources: Mapping[str, str], path: str, models: Collection[str]) -> Program:
    """A plain script when its own folder is enough of a search path, else `-m` from the folder that is."""
    own = posixpath.dirname(path)
    names = set(imported_names(sources[path].encode(errors="replace")))
    relative = any(name.startswith(".") for name in names)
    absolute = [name for name in names if not name.startswith(".") and index.files(path, name)]
    if not relative and all(_resolves(sources, own, name) for name in absolute):
        folder = _common_folder([path, *models])
        return Program(folder, posixpath.relpath(path, folder or "."))
    folder = own
    while folder:
        folder = posixpath.dirname(folder)
        in_package = posixpath.join(folder, "__init__.py") in sources
        if not in_package and all(_resolves(sources, folder, name) for name in absolute):
            break
    module = posixpath.relpath(path, folder or ".").removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    return Program(folder, f"-m {module}")


def _resolves(sources: Mapping[str, str], folder: str, name: str) -> bool:
    """Whether the first part of an absolute module name is found when `folder` is on the search path."""
    head = posixpath.join(folder, name.split(".")[0])
    return f"{head}.py" in sources or any(path.startswith(f"{head}/") for path in sources)


def _common_folder(paths: Collection[str]) -> str:
    folders = [posixpath.dirname(path) for path in paths]
    return "" if "" in folders else os.path.commonpath(folders).replace(os.sep, "/")
