"""Files that can know of each other: the parts of a tree that are converted one by one, each as if it were alone."""

from __future__ import annotations

import ast
import os
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator

from migrator.source.project import LIBRARIES, Project

# The module that the tool writes beside a program. `lower` names it; said again here, and a test compares the two.
SUPPORT_FILE = "estimator_semantics.py"


def components(project: Project) -> list[tuple[str, ...]]:
    """The paths of a tree in parts, none of which can see another; parts and paths sorted.

    Joined are: a file and what it imports; the files of a folder that is a package, or that has a support module
    already; a file and all below a folder without __init__.py that it imports from. A module that is found nowhere
    on the way to the root may be any file that ends in its name: the search path is not known.
    """
    sources = project.sources
    sets = _Sets(sources)
    folders = _files_below(sources)
    by_tail = _by_tail(sources)
    for path in sources:
        folder = posixpath.dirname(path)
        for marker in ("__init__.py", SUPPORT_FILE):
            beside = posixpath.join(folder, marker)
            if beside in sources:
                sets.join(path, beside)
        module = project.module(path)
        statements = list(_imports(module.tree)) if module is not None else []
        for found in (found for statement in statements for found in project.imported(statement, path)):
            sets.join(path, found)
        for dotted in _absolute_names(statements):
            if project.find(dotted, path) is not None:
                if dotted == project.root_package:
                    sets.join(path, "__init__.py")  # what tells its name
                continue
            package = project.is_package(dotted, path)
            below = folders.get(package, ()) if package is not None else by_tail.get(dotted.replace(".", "/"), ())
            for found in below:
                sets.join(path, found)
    return sets.parts()


def part(project: Project, paths: Iterable[str]) -> Project:
    """A component as a project of its own; what was parsed of it already is kept."""
    kept = [path for path in paths if path in project.sources]
    parsed = {path: project.parsed(path) for path in kept}
    return Project({path: project.sources[path] for path in kept}, parsed)


def _imports(tree: ast.Module) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of a file at any depth; expressions, which hold none, are not looked into."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        for field in ("body", "orelse", "handlers", "finalbody", "cases"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                waiting += inner


def _absolute_names(statements: Iterable[ast.Import | ast.ImportFrom]) -> Iterator[str]:
    """Every absolute module name that imports may mean, packages on the way included."""
    names: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif not node.level and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    for name in names:
        parts = name.split(".")
        if parts[0] not in LIBRARIES:
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _files_below(paths: Iterable[str]) -> dict[str, list[str]]:
    """Folder -> the files at any depth below it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        folder = posixpath.dirname(path)
        while folder:
            found[folder].append(path)
            folder = posixpath.dirname(folder)
    return found


def _by_tail(paths: Iterable[str]) -> dict[str, list[str]]:
    """Every ending of a module's path (`b/c` and `c` for `a/b/c.py`) -> its files."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        module = os.path.splitext(path)[0].removesuffix("/__init__")
        parts = module.split("/")
        for start in range(len(parts)):
            found["/".join(parts[start:])].append(path)
    return found


class _Sets:
    """Disjoint sets of paths that grow together."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._parent = {path: path for path in paths}

    def _root(self, path: str) -> str:
        while self._parent[path] != path:
            self._parent[path] = path = self._parent[self._parent[path]]
        return path

    def join(self, one: str, other: str) -> None:
        """Makes one set of the two that hold these paths."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def parts(self) -> list[tuple[str, ...]]:
        """The sets, sorted."""
        found: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._parent):
            found[self._root(path)].append(path)
        return sorted(tuple(paths) for paths in found.values())
