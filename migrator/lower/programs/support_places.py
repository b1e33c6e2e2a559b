"""Under which names files import each other, and so where the support module that a file imports is looked for.

A script's own folder comes first where Python looks for modules, whichever file imports one.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from migrator.lower.programs.touched_files import is_script
from migrator.source.project import Project, reached_by
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.source.module import Module

RELATIVE = "."


def packages_of(project: Project, path: str) -> frozenset[str]:
    """The packages as a part of which other files import a file: `a.b` for `a.b.module`, "" for its bare name."""
    found: set[str] = set()
    for other in project.sources:
        if other != path and path in project.imports(other):
            module = project.module(other)
            found |= named_in(project, module, path) if module is not None else set()
    return frozenset(found)


def named_in(project: Project, module: Module, path: str) -> set[str]:
    """The packages that the imports of one file name for another."""
    found: set[str] = set()
    for plain in every(module.tree, ast.Import):
        found |= {a.name.rpartition(".")[0] for a in plain.names if project.find(a.name, module.path) == path}
    for node in every(module.tree, ast.ImportFrom):
        if node.level:
            found |= {RELATIVE} if path in project.imported(node, module.path) else set()
        elif node.module:
            found |= {node.module.rpartition(".")[0]} if project.find(node.module, module.path) == path else set()
            found |= {node.module for a in node.names if project.find(f"{node.module}.{a.name}", module.path) == path}
    return found


def package_alone(project: Project, module: Module) -> str:
    """The package that every importer of a file names; "" where they differ, or where it is a script itself."""
    packages = packages_of(project, module.path)
    only = next(iter(packages), "") if len(packages) == 1 else ""
    return "" if only == RELATIVE or is_script(module) else only


def other_folders(project: Project, path: str, users: Callable[[str], list[str]], with_support: Set[str]) -> set[str]:
    """The folders of scripts that come to a file of another folder, which imports the support module by its bare name.

    Where the file is imported as a part of a package its own folder is not looked in; else only after the script's,
    which counts where it is one of those with a support module. `users` tells which files import one.
    """
    reaching = reached_by(frozenset({path}), users) - {path}
    scripts = {one for one in reaching if is_script(project.module(one)) or not users(one)}
    folders = {posixpath.dirname(one) for one in scripts if not is_test(one)} - {posixpath.dirname(path)}
    in_package = bool(packages_of(project, path) - {"", RELATIVE})
    return folders if in_package else folders & with_support


def is_test(path: str) -> bool:
    """True for a file of tests, which whoever runs them tells where to look for modules."""
    name = posixpath.basename(path)
    return name.startswith("test_") or name.endswith("_test.py")
