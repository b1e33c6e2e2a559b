"""Watches that a migrated program is one: no TF1 session, and no import of a legacy API by the program's own files."""

from __future__ import annotations

import ast
import builtins
import importlib
import os
import sys
from typing import Any, List, Optional

_LEGACY = ("tensorflow.compat.v1", "tensorflow.python", "tf_keras", "tf_slim", "tensorflow_estimator")


class LegacyUse(ImportError):
    """A migrated program used what it should have left behind."""


def install(root: str) -> None:
    """Makes sessions raise, and imports of legacy modules made by files under `root`."""
    session = importlib.import_module("tensorflow.python.client.session")

    def refused(self: Any, *_arguments: Any, **_options: Any) -> None:
        raise LegacyUse("a migrated program must not make a TF1 session")

    session.BaseSession.__init__ = refused
    plain_import, plain_import_module = builtins.__import__, importlib.import_module

    def guarded_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if level == 0 and _is_own(root, (globals or {}).get("__file__")):
            for wanted in [name] + ["%s.%s" % (name, part) for part in fromlist or ()]:
                _check(wanted)
        return plain_import(name, globals, locals, fromlist, level)

    def guarded_import_module(name: str, package: Optional[str] = None) -> Any:
        if _is_own(root, sys._getframe(1).f_code.co_filename):
            _check(name)
        return plain_import_module(name, package)

    builtins.__import__ = guarded_import
    importlib.import_module = guarded_import_module


def attribute_uses(root: str) -> List[str]:
    """Where the program's loaded files reach legacy APIs by attribute (`tf.compat.v1.x`), as "path:line text"."""
    found = []
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not path or not _is_own(root, path) or not path.endswith(".py"):
            continue
        with open(path, "rb") as stream:
            tree = ast.parse(stream.read())
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "v1" and isinstance(node.value, ast.Attribute):
                if node.value.attr == "compat":
                    found.append("%s:%d uses compat.v1" % (os.path.relpath(path, root), node.lineno))
    return sorted(set(found))


def _is_own(root: str, path: Any) -> bool:
    return bool(path) and os.path.abspath(path).startswith(root + os.sep)


def _check(name: str) -> None:
    if any(name == legacy or name.startswith(legacy + ".") for legacy in _LEGACY):
        raise LegacyUse("a migrated program must not import %s" % name)
