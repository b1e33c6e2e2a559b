"""Loads a program's own files statement by statement: one that fails is noted and passed over.

A script that reads data which is not there still defines its model_fn. What is missing afterwards is missed where it is
used, as a NameError; in a migrated program one that nothing excuses is a fault of the migration.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import signal
import sys
import types
from typing import Any, List, Set

from .program import OutOfTime

STATEMENT_SECONDS = 20.0


class Failure(object):
    """One statement that failed: where, with what, and the names that it would have bound."""

    def __init__(self, path: str, node: ast.stmt, error: BaseException) -> None:
        self.path = path
        self.line = node.lineno
        self.error = error
        self.binds = _bound(node)

    def __str__(self) -> str:
        text = (str(self.error).strip().splitlines() or [""])[0][:200]
        return "%s:%d %s: %s" % (self.path, self.line, type(self.error).__name__, text)


class Loose(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules that lie under `root`, and runs them loosely."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.failures: List[Failure] = []

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        origin = spec.origin if spec is not None else None
        if spec is None or not origin or not origin.endswith(".py"):
            return None
        if not os.path.abspath(origin).startswith(self.root + os.sep):
            return None
        spec.loader = self
        return spec

    def create_module(self, spec: Any) -> Any:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        origin = module.__spec__.origin if module.__spec__ is not None else None
        assert origin is not None
        module.__file__ = origin
        with io.open(origin, "rb") as stream:
            source = stream.read()
        try:
            tree = ast.parse(source, origin)
        except SyntaxError as error:
            raise ImportError("%s cannot be read: %s" % (os.path.relpath(origin, self.root), error)) from error
        flags = _future_flags(tree)
        for node in tree.body:
            self._run(module, origin, node, flags)

    def _run(self, module: types.ModuleType, path: str, node: ast.stmt, flags: int) -> None:
        one = ast.parse("")
        one.body = [node]
        restore = alarm(STATEMENT_SECONDS)
        try:
            exec(compile(one, path, "exec", flags, dont_inherit=True), module.__dict__)
        except (Exception, SystemExit, OutOfTime) as error:  # the boundary to code that is not ours
            self.failures.append(Failure(os.path.relpath(path, self.root), node, error))
        finally:
            restore()

    def faults(self) -> List[str]:
        """Names that were never bound, although no statement that would have bound them failed for another reason."""
        excused: Set[str] = set()
        found = []
        for failure in self.failures:
            if isinstance(failure.error, (NameError, AttributeError)):
                name = getattr(failure.error, "name", None) or _quoted(str(failure.error))
                if isinstance(failure.error, NameError) and name not in excused:
                    found.append(str(failure))
            excused |= failure.binds
        return found


def install(root: str) -> Loose:
    """Loads the program's files loosely from here on."""
    finder = Loose(root)
    sys.meta_path.insert(0, finder)
    return finder


def load(root: str, path: str) -> types.ModuleType:
    """The module of a file of the program, imported under the name that its folder's packages give it."""
    folder, name = os.path.split(os.path.join(root, path))
    parts = [] if name == "__init__.py" else [name[: -len(".py")]]
    while os.path.exists(os.path.join(folder, "__init__.py")) and len(folder) >= len(root):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    for place in _search_path(root, folder, os.path.dirname(os.path.join(root, path))):
        if place not in sys.path:
            sys.path.insert(0, place)
    module = ".".join(parts)
    known = sys.modules.get(module)
    if known is not None and not _is_file(known, os.path.join(root, path)):
        # Another package has this name already: the file is loaded by its path.
        spec = importlib.util.spec_from_file_location("migrated_" + parts[-1], os.path.join(root, path))
        assert spec is not None
        made = importlib.util.module_from_spec(spec)
        sys.modules[made.__name__] = made
        next(finder for finder in sys.meta_path if isinstance(finder, Loose)).exec_module(made)
        return made
    return importlib.import_module(module)


def _search_path(root: str, package_root: str, folder: str) -> List[str]:
    """Where a program may be started from, the likeliest last: it goes to the front."""
    found = [folder]
    while folder != root and folder.startswith(root + os.sep):
        folder = os.path.dirname(folder)
        found.append(folder)
    return list(dict.fromkeys([root] + found[::-1] + [package_root]))


def _is_file(module: Any, path: str) -> bool:
    where = str(getattr(module, "__file__", None) or "")
    return bool(where) and os.path.abspath(where) == os.path.abspath(path)


def alarm(seconds: float) -> Any:
    """Raises OutOfTime here after some time; returns what puts an alarm that was set before back."""
    if not hasattr(signal, "SIGALRM"):
        return lambda: None

    def ring(_signal: int, _frame: Any) -> None:
        raise OutOfTime()

    previous = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)

    def restore() -> None:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, previous)

    return restore


def _future_flags(tree: ast.Module) -> int:
    import __future__

    flags = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(__future__, alias.name).compiler_flag if hasattr(__future__, alias.name) else 0
    return flags


def _bound(node: ast.stmt) -> Set[str]:
    names: Set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        elif isinstance(inner, ast.alias):
            names.add((inner.asname or inner.name).split(".")[0])
        elif isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            names.add(inner.name)
    return names


def _quoted(text: str) -> str:
    parts = text.split("'")
    return parts[1] if len(parts) > 1 else ""
