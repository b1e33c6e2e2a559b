"""Uses of a module's names in other files: which of them a conversion leaves without what they name."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
from collections.abc import Callable, Iterator, Mapping

from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants, every, syntax_of


@dataclasses.dataclass(frozen=True, order=True)
class Broken:
    """A use of a name in one file that the converted module of another file no longer has, or has as something else."""

    path: str
    line: int
    name: str
    module: str
    reason: str


Renamed = Mapping[str, Mapping[str, str]]  # file -> old name -> new name


def broken_references(
    project: Project, texts: Mapping[str, str], renamed: Renamed, followed: Callable[[ast.Call], bool]
) -> list[Broken]:
    """The uses that the planned texts break.

    `renamed` names the definitions that take other arguments now; a call of one is broken unless it was `followed`. A
    file that is changed is judged as it will be. The texts parse.
    """
    found: set[Broken] = set()
    for path, text in texts.items():
        before = project.module(path) if path in project.sources else None
        if before is None:
            continue
        called = renamed.get(path, {})
        found.update(_calls(project, before, path, called, followed))
        users = [project.module(other) for other in project.sources if other != path and path in project.imports(other)]
        # names of its own that a text lacks refuse the group before
        gone = bound_names(before.tree) - bound_names(syntax_of(text)) if any(users) else frozenset()
        for user in (user for user in users if user is not None):
            found.update(_calls(project, user, path, called, followed))
            new = texts.get(user.path)
            changed = user if new is None else Module(user.path, new, syntax_of(new))
            found.update(_missing(project, changed, path, gone, called))
    return sorted(found)


def bound_names(tree: ast.Module) -> frozenset[str]:
    """The names that a module binds at its top level, in branches and imports too."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name):
            found.update({node.id} if isinstance(node.ctx, ast.Store) else ())
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def _missing(
    project: Project, user: Module, path: str, gone: frozenset[str], renamed: Mapping[str, str]
) -> Iterator[Broken]:
    """Uses of names that the module no longer has."""
    if not gone:
        return

    def broken(node: ast.AST, name: str) -> Broken:
        now = f"it is `{renamed[name]}` now" if name in renamed else "it is not there any more"
        return Broken(user.path, getattr(node, "lineno", 1), name, path, now)

    whole = _names_of_module(project, user, path)
    star = False
    for node in descendants(user.tree):
        if isinstance(node, ast.ImportFrom) and path in _sources(project, user, node):
            star = star or any(alias.name == "*" for alias in node.names)
            yield from (broken(node, alias.name) for alias in node.names if alias.name in gone)
        elif isinstance(node, ast.Attribute) and node.attr in gone and _dotted(node.value) in whole:
            yield broken(node, node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            if len(node.args) > 1 and _dotted(node.args[0]) in whole and _text(node.args[1]) in gone:
                yield broken(node, _text(node.args[1]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            module, _, name = node.value.rpartition(".")  # as mock.patch takes it
            if name in gone and module.split(".")[-1] == pathlib.PurePosixPath(path).stem:
                yield broken(node, name)
    if star:
        own = bound_names(user.tree)
        for node in descendants(user.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in gone - own:
                yield broken(node, node.id)


def _calls(
    project: Project, user: Module, path: str, renamed: Mapping[str, str], followed: Callable[[ast.Call], bool]
) -> Iterator[Broken]:
    """Calls of a definition that is another one now: the arguments are those of the old one."""
    if not renamed:
        return
    whole = _names_of_module(project, user, path)
    local = {name: name for name in renamed} if user.path == path else {}
    for node in every(user.tree, ast.ImportFrom):
        if path in _sources(project, user, node):
            local.update({alias.asname or alias.name: alias.name for alias in node.names if alias.name in renamed})
            if any(alias.name == "*" for alias in node.names):
                local.update({name: name for name in renamed})
    for call in every(user.tree, ast.Call):
        if not followed(call):
            name = local.get(call.func.id) if isinstance(call.func, ast.Name) else None
            if isinstance(call.func, ast.Attribute) and _dotted(call.func.value) in whole and call.func.attr in renamed:
                name = call.func.attr
            if name is not None:
                now = f"it is `{renamed[name]}` now, which takes other arguments"
                yield Broken(user.path, call.lineno, name, path, now)


def _names_of_module(project: Project, user: Module, path: str) -> frozenset[str]:
    """The dotted names by which a file says the module."""
    found: set[str] = set()
    for plain in every(user.tree, ast.Import):
        found.update(a.asname or a.name for a in plain.names if project.find(a.name, user.path) == path)
    for node in every(user.tree, ast.ImportFrom):
        for alias in node.names:
            single = ast.ImportFrom(node.module, [alias], node.level)
            if path in project.imported(single, user.path) and path not in _sources(project, user, node):
                found.add(alias.asname or alias.name)
    return frozenset(found)


def _sources(project: Project, user: Module, node: ast.ImportFrom) -> frozenset[str]:
    """The files whose names a from-import takes."""
    bare = ast.ImportFrom(node.module, [ast.alias("*")], node.level)
    found = frozenset(project.imported(bare, user.path))
    if node.level and not node.module:  # `from . import x`: the package itself
        base = project.relative(node, user.path)
        return found | {f"{base}/__init__.py" if base else "__init__.py"}
    return found


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
