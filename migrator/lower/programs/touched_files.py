"""Which files a conversion touches, which see them, and what is still named there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from migrator.analysis.lookup import is_main_guard
from migrator.lower.programs import unused
from migrator.source.inventory import legacy_uses
from migrator.source.project import reached_by
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.analysis.values import Function
    from migrator.lower.programs.assembly_state import Assembly
    from migrator.source.module import Module
    from migrator.source.project import Project


def touched_files(assembly: Assembly) -> set[str]:
    """Files that the groups may change."""
    group = assembly.group
    found = {m.module.path for m in group.models.values()}
    found |= {c.module.path for c in group.constructions.values()}
    found |= {u.module.path for u in group.uses.values()}
    for ctx in assembly.contexts:
        found |= set(ctx.imports) | set(ctx.support)
        for frames in ctx.facts.frames.values():
            found |= {f.module.path for f in frames}
    found |= {f.scope.module.path for f in assembly.feeding.values()}
    found |= {f.scope.module.path for f in assembly.makers.values() if names_legacy(f)}
    for path in importers(assembly):
        found.add(path)
    return found


def names_legacy(function: Function) -> bool:
    """True for a function that says a name of TensorFlow which is not there any more."""
    lines = range(function.node.lineno, (function.node.end_lineno or function.node.lineno) + 1)
    return any(line in lines for _, line in legacy_uses(function.scope.module.tree))


def importing(project: Project, paths: Iterable[str]) -> Callable[[str], list[str]]:
    """A function that tells which of the given files import a file."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for imported in project.imports(path):
            found.setdefault(imported, []).append(path)
    return lambda path: found.get(path, [])


def users_of(assembly: Assembly) -> Callable[[str], list[str]]:
    """A function that tells which files of the project import a file."""
    if assembly.users is None:
        assembly.users = importing(assembly.group.ctx.project, assembly.group.ctx.project.sources)
    return assembly.users


def is_script(module: Module | None) -> bool:
    """True for a file that is started as a program."""
    return module is not None and any(is_main_guard(node) for node in module.tree.body if isinstance(node, ast.If))


def only_renamed(assembly: Assembly, module: Module) -> bool:
    """True for a file whose legacy names are those of plain operations, files, flags and logs: no model is made there.

    What makes layers or optimizers may serve another program, which still needs them as they are.
    """
    uses = legacy_uses(module.tree)
    rules = [assembly.group.ctx.rules.find(name) for name, _ in uses]
    return bool(uses) and all(rule is not None and rule.kind in ("rename", "op", "drop") for rule in rules)


def importers(assembly: Assembly) -> Iterator[str]:
    """Files that import a name which the conversion renames, from its file or from one that passes it on."""
    project = assembly.group.ctx.project
    for path, names in assembly.renamed.items():
        gone = {old for old, new in names.items() if old != new}
        naming = [other for other in project.sources if names_of_others(project, other, gone)]
        yield from reached_by(frozenset({path}), importing(project, naming)) - {path}


def names_of_others(project: Project, path: str, names: set[str]) -> bool:
    """True for a file that names one of the names of another module: imports it, or reads it as an attribute."""
    module = project.module(path) if any(name in project.sources[path] for name in names) else None
    if module is None:
        return False
    imported = {alias.name for node in every(module.tree, ast.ImportFrom) for alias in node.names}
    return bool(imported & {*names, "*"}) or any(node.attr in names for node in every(module.tree, ast.Attribute))


def is_mentioned(assembly: Assembly, path: str, name: str, takes_part: Callable[[ast.stmt], bool]) -> bool:
    """Whether a name of a file is mentioned after the conversion: in a new text, in that file or in one that sees it.

    Code that nothing runs may keep what it mentions as it was.
    """
    project = assembly.group.ctx.project

    def seen_by(of: str) -> set[str]:
        if of not in assembly.seen_by:
            assembly.seen_by[of] = reached_by(frozenset({of}), users_of(assembly))
        return assembly.seen_by[of]

    if not assembly.mentioned:
        texts = ["\n".join(lines) for lines in assembly.replaced.values()]
        texts += [text for above in assembly.inserted.values() for text in above]
        assembly.mentioned[""] = set(unused.words(texts))
        paths = sorted(set[str]().union(*(seen_by(one) for one in touched_files(assembly))))
        modules = [module for one in paths if (module := project.module(one)) is not None]
        gone, words = assembly.replaced.keys(), assembly.mentioned[""]
        assembly.mentioned |= unused.names_live(modules, seen_by, words, gone, takes_part)
    return any(name in assembly.mentioned.get(other, ()) for other in ("", *seen_by(path)))
