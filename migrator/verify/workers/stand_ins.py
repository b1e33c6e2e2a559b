"""Stand-ins for modules that a runtime lacks (plots, trackers, loggers): importable, inert, and of no value.

A program may import them, call them and throw the result away. Whoever needs what they return gets an error that names
the module, so nothing that takes part in a model, its data or its control flow can come from a stand-in.
"""

from __future__ import annotations

import ast
import dis
import importlib.abc
import importlib.machinery
import io
import os
import sys
import types
from typing import Any, NoReturn, Optional

# What a migration is about, and what builds graphs or data of its own: absent is absent.
_NEEDED = ("tensorflow", "tf_", "keras", "tensorboard", "numpy", "google", "absl", "horovod", "sonnet", "t2t", "tfx")
_CATCHING = ("ImportError", "ModuleNotFoundError", "Exception", "BaseException")


class StandInUsed(RuntimeError):
    """The program needs what a module returns that this runtime does not have."""


class StandIn(object):
    """Whatever a missing module offers: every attribute and every call is another stand-in."""

    def __init__(self, name: str) -> None:
        self.__dict__["_stand_in_name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # protocols of Python and of libraries: it follows none
        return StandIn("%s.%s" % (self._stand_in_name, name))

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *_arguments: Any, **_options: Any) -> Any:
        return StandIn("%s()" % self._stand_in_name)

    def __getitem__(self, _key: Any) -> Any:
        return StandIn("%s[]" % self._stand_in_name)

    def __setitem__(self, _key: Any, _value: Any) -> None:
        pass

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_arguments: Any) -> None:
        pass

    def __iter__(self) -> Any:
        # `figure, axes = pyplot.subplots()` takes them apart without looking at them
        count = _unpacked(sys._getframe(1))
        if count is None:
            _needed(self._stand_in_name)
        return iter([StandIn("%s[]" % self._stand_in_name) for _ in range(count)])

    def __repr__(self) -> str:
        return "<stand-in for %s>" % self._stand_in_name


def _refuse(self: Any, *_arguments: Any, **_options: Any) -> NoReturn:
    _needed(self._stand_in_name)


for _name in ("bool", "len", "int", "float", "index", "complex", "array", "lt", "le", "gt", "ge", "mro_entries"):
    setattr(StandIn, "__%s__" % _name, _refuse)


def _needed(name: str) -> NoReturn:
    module = name.split(".")[0]
    raise StandInUsed("%s is not installed in this runtime, and what %s gives is needed" % (module, name))


def _unpacked(frame: types.FrameType) -> Optional[int]:
    """Into how many names the running statement takes a value apart; None when it does something else."""
    code = frame.f_code.co_code
    if 0 <= frame.f_lasti < len(code) - 1 and dis.opname[code[frame.f_lasti]] == "UNPACK_SEQUENCE":
        return code[frame.f_lasti + 1]
    return None


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return StandIn("%s.%s" % (self.__name__, name))


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what nobody else found, when a file under `root` imports it without minding its own absence."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names = set()  # type: Any

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        parent, _, _ = fullname.rpartition(".")
        if parent and not isinstance(sys.modules.get(parent), _Module):
            return None
        if not parent and (fullname.startswith(_NEEDED) or not self._asked_by_the_program()):
            return None
        self.names.add(fullname.split(".")[0])
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        return None

    def _asked_by_the_program(self) -> bool:
        frame = sys._getframe(1)  # type: Optional[types.FrameType]
        while frame is not None:
            path = frame.f_code.co_filename
            if not (path.startswith("<frozen importlib") or _is_machinery(path)):
                # "<string>" is no path: below the folder that the program runs in it would be one of its files
                own = os.path.abspath(path).startswith(self.root + os.sep) and not path.startswith("<")
                return own and not _minds(path, frame.f_lineno)
            frame = frame.f_back
        return False


def install(root: str) -> Finder:
    """Makes missing modules importable for the program's own files; the finder remembers which."""
    finder = Finder(root)
    sys.meta_path.append(finder)
    return finder


def _is_machinery(path: str) -> bool:
    folder = os.path.dirname(os.path.abspath(path))
    return folder in (os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.abspath(importlib.__file__)))


def _minds(path: str, line: int) -> bool:
    """Whether the import on this line has a way of its own for an absent module: it stands in a `try`."""
    try:
        with io.open(path, "rb") as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(_spans(statement, line) for statement in node.body):
            if any(handler.type is None or _catches(handler.type) for handler in node.handlers):
                return True
    return False


def _spans(statement: ast.stmt, line: int) -> bool:
    lines = [getattr(node, "lineno", 0) for node in ast.walk(statement)]
    return statement.lineno <= line <= max(lines)


def _catches(caught: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id in _CATCHING for node in ast.walk(caught))
