"""The imports of a written file: those that its new text needs, and where the support module stands."""

from __future__ import annotations

import ast
import pathlib
import posixpath
from typing import TYPE_CHECKING

from migrator.analysis.facts import Refusal
from migrator.emit.imports import ImportPlan, plan_imports
from migrator.emit.support import support_names, support_source
from migrator.lower.programs.support_places import other_folders, package_alone
from migrator.lower.programs.touched_files import is_script, users_of
from migrator.lower.reading.context import SUPPORT, Context, Refused, support_name
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.programs.assembly_state import Assembly
    from migrator.source.module import Module
    from migrator.source.project import Project


def with_imports(assembly: Assembly, module: Module, text: str) -> str:
    """The text with the imports that its new code needs, and without those it no longer uses."""
    group = assembly.group
    if text == module.text:
        return text
    needed: set[str] = set()
    statements: list[str] = []
    wanted: set[str] = set()
    support: set[str] = set()
    for ctx in (*assembly.contexts, group.ctx):
        for item in ctx.imports.get(module.path, set()):
            (wanted if ":" in item else needed).add(item)
        support |= ctx.support.get(module.path, set())
    if support:
        known = {name: support_name(module, name) for name in sorted(support)}
        names = ", ".join(name if name == local else f"{name} as {local}" for name, local in known.items())
        statements.append(f"from {support_module(group.ctx, module)} import {names}")
    renamed = {old: new for names in assembly.renamed.values() for old, new in names.items()}
    present = imported_names(module)
    for item in sorted(wanted):
        path, name = item.split(":")
        old = next((o for o, n in renamed.items() if n == name), name)
        if path != module.path and old not in present and name not in present:
            statements.append(import_of(group.ctx.project, module, path, name))
    own = frozenset(part for p in group.ctx.project.sources for part in pathlib.PurePosixPath(p).with_suffix("").parts)
    plan = ImportPlan(frozenset(needed), tuple(statements), tuple(sorted(renamed.items())), own | {SUPPORT})
    return plan_imports(text, module.tree, plan)


def imported_names(module: Module) -> set[str]:
    """Names that the file's from-imports bring in."""
    return {a.name for n in descendants(module.tree) if isinstance(n, ast.ImportFrom) for a in n.names}


def import_of(project: Project, module: Module, path: str, name: str) -> str:
    """An import of a name from another project file, as files of the same package write it."""
    here = pathlib.PurePosixPath(module.path).parent
    there = pathlib.PurePosixPath(path)
    if there.parent == here and (uses_relative(module)):
        return f"from .{there.stem} import {name}"
    dotted = ".".join(there.with_suffix("").parts) if there.parent != here else there.stem
    if project.root_package and project.root_package == absolute_name(project, module, here).split(".")[0]:
        dotted = ".".join((project.root_package, *there.with_suffix("").parts))
    return f"from {dotted} import {name}"


def uses_relative(module: Module) -> bool:
    """True when the file imports its neighbours relatively."""
    return any(isinstance(n, ast.ImportFrom) and n.level for n in descendants(module.tree))


def support_module(ctx: Context, module: Module) -> str:
    """How a file imports the support module beside it: relatively inside a package."""
    folder = pathlib.PurePosixPath(module.path).parent
    package = str(folder / "__init__.py") if str(folder) != "." else "__init__.py"
    if package not in ctx.project.sources or runs_from_its_folder(ctx, module, folder):
        named = package_alone(ctx.project, module)
        return f"{named}.{SUPPORT}" if named else SUPPORT
    if uses_relative(module) or not absolute_name(ctx.project, module, folder):
        return f".{SUPPORT}"
    return f"{absolute_name(ctx.project, module, folder)}.{SUPPORT}"


def runs_from_its_folder(ctx: Context, module: Module, folder: pathlib.PurePosixPath) -> bool:
    """True for a file that is started as a script, or that its neighbours import by its bare name."""
    if uses_relative(module) or absolute_name(ctx.project, module, folder):
        return False
    neighbours = {
        pathlib.PurePosixPath(p).stem for p in ctx.project.sources if pathlib.PurePosixPath(p).parent == folder
    }
    for path in ctx.project.sources:
        other = ctx.project.module(path) if pathlib.PurePosixPath(path).parent == folder else None
        for node in descendants(other.tree) if other is not None else ():
            if isinstance(node, ast.ImportFrom) and not node.level and node.module in neighbours:
                return True
            if isinstance(node, ast.Import) and any(a.name in neighbours for a in node.names):
                return True
    return is_script(module)


def absolute_name(project: Project, module: Module, folder: pathlib.PurePosixPath) -> str:
    """The package name under which a file imports its own neighbours absolutely, or ""."""
    whole = (project.root_package, *folder.parts) if project.root_package else folder.parts
    for node in descendants(module.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            parts = node.module.split(".")
            for size in range(len(parts), 0, -1):
                if tuple(parts[:size]) == whole[-size:]:
                    return ".".join(parts[:size])
    return ""


def target_in(folder: str) -> str:
    """The support module of a folder."""
    return posixpath.join(folder, f"{SUPPORT}.py")


def is_support(path: str) -> bool:
    """True for a support module that an earlier run wrote."""
    return posixpath.basename(path) == f"{SUPPORT}.py"


def support_files(assembly: Assembly) -> dict[str, str]:
    """The support module of each folder that needs one, merged with what an earlier run wrote there."""
    project = assembly.group.ctx.project
    wanted: dict[str, set[str]] = {}
    contexts = (*assembly.contexts, assembly.group.ctx)
    using = [*(path for ctx in contexts for path in ctx.support), *filter(is_support, project.sources)]
    with_support = set(map(posixpath.dirname, using))
    for ctx in contexts:
        for path, names in ctx.support.items():
            wanted.setdefault(target_in(posixpath.dirname(path)), set()).update(names)
            module = project.module(path)
            if module is not None and support_module(ctx, module) == SUPPORT:
                for folder in other_folders(project, path, users_of(assembly), with_support):
                    wanted.setdefault(target_in(folder), set()).update(names)
    texts: dict[str, str] = {}
    for target, names in wanted.items():
        existing = project.sources.get(target)
        if existing is not None:
            before = support_names(existing)
            if before is None:
                raise Refused(_occupied(target))
            names |= before
        texts[target] = support_source(names)
    return texts


def _occupied(target: str):  # type: ignore[no-untyped-def]

    return Refusal("support-module", target, 1, f"{target} exists and was not written by migrate, or was changed since")
