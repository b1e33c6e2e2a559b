"""Which files a conversion touches, and which see them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from migrator.analysis.lookup import is_main_guard
from migrator.lower.programs import inputs, unused
from migrator.source.inventory import legacy_uses

if TYPE_CHECKING:
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
    found |= {f.scope.module.path for f in inputs.input_functions(group).values()}
    for path in importers(assembly):
        found.add(path)
    return found


def importing(project: Project, paths: Iterable[str]) -> Callable[[str], list[str]]:
    """A function that tells which of the given files import a file."""
    found: dict[str, list[str]] = {}
    for path in paths:
        for imported in project.imports(path):
            found.setdefault(imported, []).append(path)
    return lambda path: found.get(path, [])


def reached_by(start: frozenset[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    """Everything that can be come to, the start included."""
    found, waiting = set(start), [*start]
    while waiting:
        more = set(following(waiting.pop())) - found
        found |= more
        waiting += more
    return found


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
        naming = [other for other, text in project.sources.items() if any(name in text for name in names)]
        yield from reached_by(frozenset({path}), importing(project, naming)) - {path}


def mentioned_names(assembly: Assembly) -> frozenset[str]:
    """Every name that is mentioned after the conversion, in files that see those of the groups."""
    if assembly.mentioned is None:
        project = assembly.group.ctx.project
        touched = touched_files(assembly)
        paths = [p for p in project.sources if p in touched or project.imports(p) & touched]
        texts = ["\n".join(lines) for lines in assembly.replaced.values()]
        texts += [text for above in assembly.inserted.values() for text in above]
        assembly.mentioned = unused.names_kept(project, paths, assembly.replaced.keys(), texts)
    return assembly.mentioned
