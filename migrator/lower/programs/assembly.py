"""The files of a conversion: every definition, call and import of the converted groups in its new form."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.facts import Refusal
from migrator.emit.editing import Statements, edited
from migrator.emit.fragments import Renderer
from migrator.emit.imports import used_names
from migrator.emit.indentation import reindented, unit_of
from migrator.lower.bodies import objects, scope_functions
from migrator.lower.library import steps, text_guards
from migrator.lower.programs import hook_classes, inputs, left_code, run_configs, serving
from migrator.lower.programs.assembly_state import Assembly
from migrator.lower.programs.code_around import best_effort, holds_reached, is_left_out, marked, reached_definitions
from migrator.lower.programs.file_imports import support_files, with_imports
from migrator.lower.programs.groups import moved_into_calls
from migrator.lower.programs.module_rewriting import dropped, renderer, rewriter
from migrator.lower.programs.touched_files import importing, is_script, only_renamed, touched_files
from migrator.lower.reading.context import Context, Refused
from migrator.lower.reading.namespaces import ended_aliases, names_ended
from migrator.lower.reading.owner import Owner
from migrator.source.inventory import legacy_uses
from migrator.source.project import Project, reached_by
from migrator.source.syntax import descendants, syntax_of

if TYPE_CHECKING:
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module


def group_edits(group: Group, contexts: list[Context], known: dict[str, str]) -> dict[str, str]:
    """path -> new text of every file that the groups change. Raises Refused."""
    assembly = Assembly(group, contexts)
    collect_definitions(assembly)
    texts: dict[str, str] = {}
    for path in sorted(touched_files(assembly)):
        module = group.ctx.project.module(path)
        if module is not None:
            texts[path] = file_text(assembly, module)
    for path, text in list(texts.items()):
        module = group.ctx.project.module(path)
        assert module is not None
        texts[path] = with_imports(assembly, module, text)
    changed = frozenset(path for path, text in texts.items() if text != group.ctx.project.sources.get(path))
    texts.update(neighbours(assembly, changed))
    texts.update(support_files(assembly))
    check_watching(assembly, texts)
    left_code.check(assembly, texts)
    for path, text in texts.items():
        text_guards.check_names(path, group.ctx.project.sources.get(path, ""), text)
    return {p: t for p, t in texts.items() if t != group.ctx.project.sources.get(p)}


def check_watching(assembly: Assembly, texts: dict[str, str]) -> None:
    """Refuse where the file of a hook class that was dropped is still imported: its base is gone. Raises Refused."""
    ctx = assembly.group.ctx
    if not ctx.shared.watching:
        return
    new = Project({**ctx.project.sources, **texts})
    for path in sorted(ctx.shared.watching & reached_by(frozenset(texts), new.imports)):
        message = "a hook of this file only watches, but the converted program still imports the file"
        raise Refused(Refusal("watching-hook", path, 1, message))


# ----------------------------------------------------------------------------------------------------- definitions
def collect_definitions(assembly: Assembly) -> None:
    """Which definitions get which text."""
    for model in assembly.group.models.values():
        if model.method:
            assembly.replaced[model.node] = model.method.split("\n")
            insert_above(assembly, model.module, model.node, model.text)
            continue
        assembly.replaced[model.node] = model.text.split("\n")
        if model.top_level:
            assembly.renamed.setdefault(model.module.path, {})[model.node.name] = model.builder
    for cls in hook_classes.classes(assembly.group):
        assembly.replaced[cls.node] = hook_classes.class_text(assembly.group.ctx, cls)
    for ctx in assembly.contexts:
        for helper, (text, name) in ctx.factories.items():
            module = ctx.facts.frames[helper][0].module
            first_text(assembly, module, helper, text)
            assembly.replaced[helper] = text.split("\n")
            assembly.renamed.setdefault(module.path, {})[getattr(helper, "name", "")] = name
        for definition, lines in ctx.classes.items():
            if first_text(assembly, None, definition, "\n".join(lines)):
                assembly.replaced[definition] = lines
        for owner in ctx.owners.values():
            if isinstance(owner, Owner):
                collect_owner(assembly, owner)
    for node in scope_functions.unneeded(assembly.contexts, assembly.group.ctx.project):
        assembly.replaced[node] = []


def collect_owner(assembly: Assembly, owner: Owner) -> None:
    """An owner stands where its definition stood, or before the statement that held it."""
    module = owner.module
    target: ast.AST = owner.cls if owner.cls is not None else owner.node
    if not first_text(assembly, module, target, owner.text):
        return
    if target in module.tree.body:
        assembly.replaced[target] = owner.text.split("\n")
        if owner.cls is None:
            assembly.renamed.setdefault(module.path, {})[owner.node.name] = owner.class_name
        return
    insert_above(assembly, module, target, owner.text)
    if objects.is_method(module, target):
        assembly.replaced[target] = []  # its layers are made by the new class


def first_text(assembly: Assembly, module: Module | None, definition: ast.AST, text: str) -> bool:
    """True when a definition gets its text, False when it has it. Refuses another text, for another model_fn."""
    if definition not in assembly.written:
        assembly.written[definition] = text
        return True
    if assembly.written[definition] == text:
        return False
    name = getattr(definition, "name", "")
    message = f"`{name}` becomes another layer for one model_fn than for another: migrate their programs apart"
    where = module or next(iter(assembly.group.models.values())).module
    raise assembly.group.ctx.refuse("shared-definition", definition, where, message)


def insert_above(assembly: Assembly, module: Module, target: ast.AST, text: str) -> None:
    """Put a text before the top-level statement that holds a definition."""
    for statement in module.tree.body:
        if any(n is target for n in descendants(statement)):
            assembly.inserted.setdefault(statement, []).append(text)
            return


# ------------------------------------------------------------------------------------------------------ file texts
def file_text(assembly: Assembly, module: Module) -> str:
    """One file with its definitions, calls and library names in their new form; imports not yet planned."""
    rewrite = rewriter(assembly, module)
    reached = reached_definitions(assembly)
    shots = [s for node in assembly.feeding for s in inputs.one_shots(node)]

    unit = unit_of(module.tree)
    classes = [node for node in module.tree.body if isinstance(node, ast.ClassDef)]
    methods = {node for cls in classes for node in cls.body if isinstance(node, ast.FunctionDef)}

    def replace(node: ast.stmt) -> list[str] | None:
        if node in assembly.replaced:
            lines = assembly.replaced[node]
            before = assembly.inserted.get(node, [])
            if not lines and not before:
                return []
            text = "\n\n\n".join([*before, "\n".join(lines)])
            return reindented(text, unit).split("\n")
        if isinstance(node, ast.FunctionDef) and node in assembly.servings:
            return serving.function_lines(assembly.servings[node], module, rewrite)
        if isinstance(node, ast.FunctionDef):
            for ctx in assembly.contexts:
                steps_only = steps.step_parameters(ctx, node)
                if steps_only:
                    inner = Renderer(module, rewrite).inside(node)
                    indent = module.indent_of(node)
                    text = steps.header_without(inner, node.name, steps_only)
                    kept = steps.without_steps([line.removeprefix(indent) for line in text.split("\n")], steps_only)
                    if kept is None:
                        message = f"`{node.name}` reads the global step beside its schedule"
                        raise ctx.refuse("schedule-step", node, module, message)
                    return kept
        if node in assembly.markers:
            return marked(assembly, module, node)
        if moved_into_calls(assembly.group, module, node) or dropped(assembly, module, node):
            return []
        if names_ended(module, node):
            return []
        row = inputs.replacement(assembly.group.ctx, module, shots, node, renderer(module, rewrite))
        if row is not None:
            return row
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node in module.tree.body:
            if not holds_reached(node, reached, assembly) or is_left_out(assembly, module, node, reached):
                return best_effort(assembly, module, node, rewrite)
        if node in methods and is_left_out(assembly, module, node, reached):  # as a test, which only its runner names
            return best_effort(assembly, module, node, rewrite)
        return None

    def before(node: ast.stmt) -> list[str]:
        lines: list[str] = []
        for text in assembly.inserted.get(node, []):
            lines += [*reindented(text, unit).split("\n"), "", ""]
        if isinstance(node, (ast.Assign, ast.Expr, ast.Return)):
            for inner in descendants(node):
                construction = assembly.group.constructions.get(inner) if isinstance(inner, ast.Call) else None
                if construction is not None:
                    render = renderer(module, rewrite)
                    lines += run_configs.seed_lines(assembly.group, construction, render)
        return lines

    text = edited(module, Statements(replace, before), rewrite)
    refuse_lost_names(assembly, module, text)
    return text


def refuse_lost_names(assembly: Assembly, module: Module, text: str) -> None:
    """Refuse when the new text still reads a name of a namespace that ended, whose statement went."""
    if not ended_aliases(module):
        return
    ctx = assembly.group.ctx
    noted = (item for c in (*assembly.contexts, ctx) for item in c.imports.get(module.path, ()))
    imported = {item.removeprefix("from absl ") for item in noted}
    left = sorted((used_names(syntax_of(text)) & ended_aliases(module)) - imported)
    for node in module.tree.body:
        if left and names_ended(module, node):
            raise ctx.refuse("no-rule", node, module, f"`{left[0]}` stands for a part of TensorFlow that ended")


# --------------------------------------------------------------------------------------------------------- imports


def neighbours(assembly: Assembly, changed: frozenset[str]) -> dict[str, str]:
    """New texts of files that those of the groups import, and of scripts that import them, with library names alone.

    They are run with the migrated program. One that cannot be brought up to date as a whole stays as it is.
    """
    project = assembly.group.ctx.project
    editable = assembly.group.ctx.options.editable
    near = reached_by(changed, project.imports)
    above = reached_by(changed, importing(project, project.sources))
    near |= {path for path in above - near if is_script(project.module(path))}
    texts: dict[str, str] = {}
    for path in sorted(near - changed):
        module = project.module(path)
        if module is None or not only_renamed(assembly, module) or (editable is not None and path not in editable):
            continue
        try:
            text = with_imports(assembly, module, file_text(assembly, module))
        except Refused:
            continue
        if not legacy_uses(syntax_of(text)):
            texts[path] = text
    return texts
