"""The analysed tree as a whole: which file a dotted module name means, seen from another file."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pathlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from migrator.source.module import Module, parse
from migrator.source.syntax import every

_IMPORTED = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[\s(]+(\w+)|import[ \t]+([\w.]+))", re.M)
LIBRARIES = frozenset({"tensorflow", "keras", "tf_keras", "tf_slim", "tensorflow_estimator", "numpy", "absl"})


@dataclasses.dataclass(frozen=True, eq=False)
class Project:
    """All files of the analysed root; a file is parsed when it is first asked for."""

    sources: Mapping[str, str]
    _parsed: dict[str, Module | SyntaxError] = dataclasses.field(default_factory=dict)
    _imports: dict[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        """The parsed file, or None when it does not parse."""
        found = self.parsed(path)
        return found if isinstance(found, Module) else None

    def parsed(self, path: str) -> Module | SyntaxError:
        """The parsed file or its syntax error."""
        if path not in self._parsed:
            self._parsed[path] = parse(path, self.sources[path])
        return self._parsed[path]

    @functools.cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a source file, at any depth."""
        return frozenset(str(p) for path in self.sources for p in pathlib.PurePosixPath(path).parents)

    def find(self, dotted: str, importer: str) -> str | None:
        """The file of an absolute dotted module name as `importer` would import it.

        Looked for beside the importer (a script's folder is on sys.path), then in each folder above it, then in the
        root where that is a package itself. A package without __init__.py is not a file: None.
        """
        first, _, rest = dotted.partition(".")
        if first in LIBRARIES:
            return None
        tail = dotted.replace(".", "/")
        for folder in pathlib.PurePosixPath(importer).parents:
            prefix = "" if str(folder) == "." else f"{folder}/"
            for candidate in (f"{prefix}{tail}.py", f"{prefix}{tail}/__init__.py"):
                if candidate in self.sources:
                    return candidate
        if first == self.root_package:
            return self.submodule("", rest) if rest else "__init__.py"
        return None

    @functools.cached_property
    def root_package(self) -> str | None:
        """The name under which files import the root, where that is a package: its folder lies outside of the tree.

        Nothing in the tree has that name, modules of the root are imported under it, never alone, and nearly all
        that is imported under it is there: a library may have a module of the same name, but not so many.
        """
        if "__init__.py" not in self.sources:
            return None
        imported = {found for text in self.sources.values() for found in _IMPORTED.findall(text)}
        under: dict[str, set[str]] = {}
        for module, name, plain in imported:
            first, _, rest = (plain or module).partition(".")
            under.setdefault(first, set()).update({rest or name} - {""})
        if any(self.submodule("", first) for first in under if first):
            return None
        for first in sorted(under.keys() - LIBRARIES - {""}):
            there = [name for name in under[first] if self._in_root(name)]
            if len(there) > 1 and len(there) > 0.7 * len(under[first]):
                return first
        return None

    def _in_root(self, dotted: str) -> bool:
        return self.submodule("", dotted) is not None or dotted.replace(".", "/") in self.folders

    def is_package(self, dotted: str, importer: str) -> str | None:
        """The folder of a dotted name without __init__.py (a namespace package), or None."""
        tail = dotted.replace(".", "/")
        for folder in pathlib.PurePosixPath(importer).parents:
            prefix = "" if str(folder) == "." else f"{folder}/"
            if f"{prefix}{tail}" in self.folders:
                return f"{prefix}{tail}"
        first, _, rest = dotted.partition(".")
        inner = rest.replace(".", "/")
        if first == self.root_package and rest and inner in self.folders:
            return inner
        return None

    def relative(self, node: ast.ImportFrom, importer: str) -> str:
        """The folder that a relative import starts from, posix, "" for the root."""
        parents = pathlib.PurePosixPath(importer).parents
        level = min(node.level, len(parents)) - 1
        folder = str(parents[level])
        return "" if folder == "." else folder

    def imports(self, importer: str) -> frozenset[str]:
        """The project's files that a file imports, in whole or in part, anywhere in its text."""
        if importer not in self._imports:
            module = self.module(importer)
            tree = module.tree if module is not None else ast.Module([], [])
            nodes = (*every(tree, ast.Import), *every(tree, ast.ImportFrom))
            self._imports[importer] = frozenset(p for node in nodes for p in self.imported(node, importer))
        return self._imports[importer]

    def imported(self, node: ast.AST, importer: str) -> Iterator[str]:
        """The project's files that one import statement reads."""
        found: list[str | None] = []
        if isinstance(node, ast.Import):
            found = [self.find(alias.name, importer) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if node.level:
                base = self.relative(node, importer)
                inside = "/".join(part for part in (base, (node.module or "").replace(".", "/")) if part)
                found = [self.submodule(base, node.module)] if node.module else []
                found += [self.submodule(inside, name) for name in names]
            elif node.module:
                found = [self.find(node.module, importer)]
                found += [self.find(f"{node.module}.{name}", importer) for name in names]
        yield from (path for path in found if path is not None)

    def submodule(self, base: str, name: str) -> str | None:
        """The file of the submodule `name` (dotted allowed) below a package folder."""
        prefix = f"{base}/" if base else ""
        tail = name.replace(".", "/")
        for candidate in (f"{prefix}{tail}.py", f"{prefix}{tail}/__init__.py"):
            if candidate in self.sources:
                return candidate
        return None


def reached_by(start: frozenset[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """Every file that can be come to by this, the start included."""
    found, waiting = set(start), [*start]
    while waiting:
        more = set(following(waiting.pop())) - found
        found |= more
        waiting += more
    return found
