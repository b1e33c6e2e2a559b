"""The files of a conversion: every definition, call and import of the converted groups in its new form."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pathlib
import textwrap
from collections.abc import Callable, Iterable, Iterator

from migrator.analysis import learn
from migrator.analysis.lookup import is_main_guard
from migrator.analysis.values import Function, Value, options
from migrator.emit.editing import Statements, edited
from migrator.emit.fragments import Renderer
from migrator.emit.imports import ImportPlan, plan_imports, used_names
from migrator.emit.indentation import reindented, unit_of
from migrator.emit.layout import WIDTH
from migrator.emit.support import support_names, support_source
from migrator.lower import (
    cells,
    dataset_calls,
    devices,
    experiments,
    export_calls,
    guards,
    hook_classes,
    inputs,
    learners,
    log_levels,
    objects,
    rewriting,
    run_configs,
    serving,
    steps,
    tensor_attributes,
    training,
    unused,
)
from migrator.lower.context import SUPPORT, Context, Refused, support_name
from migrator.lower.groups import EXPORTERS, Group, moved_into_calls
from migrator.lower.namespaces import ended_aliases, names_ended
from migrator.lower.owners import Owner
from migrator.lower.units import LoweredModel
from migrator.source.inventory import legacy_uses
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import descendants, syntax_of


@dataclasses.dataclass(eq=False)
class Assembly:
    """The state of writing the files of one or several groups."""

    group: Group
    contexts: list[Context]
    replaced: dict[ast.AST, list[str]] = dataclasses.field(default_factory=dict)
    inserted: dict[ast.stmt, list[str]] = dataclasses.field(default_factory=dict)
    markers: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # statements left as they are, and why
    renamed: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)  # file -> old top-level name -> new
    written: dict[ast.AST, str] = dataclasses.field(default_factory=dict)  # definition -> its new text

    @functools.cached_property
    def specs(self) -> frozenset[ast.Call]:
        """The placeholders of serving functions that become specifications."""
        found = export_calls.placeholder_specs(self.group.ctx)
        for function in self.servings:
            for node in descendants(function):
                if isinstance(node, ast.Call) and serving.is_placeholder(self.group.ctx.facts.value(node)):
                    found.add(node)
        return frozenset(found)

    @functools.cached_property
    def servings(self) -> dict[ast.FunctionDef, serving.Serving]:
        """The serving functions, taken apart."""
        found: dict[ast.FunctionDef, serving.Serving] = {}
        for node, function in inputs.input_functions(self.group).items():
            call = serving.receiver_of(self.group.ctx, node)
            if call is not None and isinstance(node, ast.FunctionDef):
                found[node] = serving.taken_apart(self.group.ctx, function.scope.module, node, call)
        return found

    @functools.cached_property
    def named(self) -> frozenset[str]:
        """Every name that is mentioned after the conversion, in files that see those of the groups."""
        project = self.group.ctx.project
        touched = touched_files(self)
        paths = [p for p in project.sources if p in touched or project.imports(p) & touched]
        texts = ["\n".join(lines) for lines in self.replaced.values()]
        texts += [text for above in self.inserted.values() for text in above]
        return unused.names_kept(project, paths, self.replaced.keys(), texts)

    def context_of(self, node: ast.AST) -> Context:
        """The context that knows a node: the model's where it was evaluated for one."""
        for ctx in self.contexts:
            if node in ctx.facts.values or (isinstance(node, ast.Call) and node in ctx.facts.callees):
                return ctx
        return self.group.ctx


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
    for path, text in texts.items():
        check_parses(group.ctx, path, text)
        guards.check_names(path, group.ctx.project.sources.get(path, ""), text)
    return {p: t for p, t in texts.items() if t != group.ctx.project.sources.get(p)}


def check_parses(ctx: Context, path: str, text: str) -> None:
    """A text that does not parse is a fault of the tool: the group stays untouched, with that reason."""
    try:
        syntax_of(text)
    except SyntaxError as error:
        from migrator.analysis.facts import Refusal

        raise Refused(
            Refusal("fault", path, error.lineno or 1, f"the planned text does not parse: {error.msg}")
        ) from None


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


# ------------------------------------------------------------------------------------------------------ file texts
def file_text(assembly: Assembly, module: Module) -> str:
    """One file with its definitions, calls and library names in their new form; imports not yet planned."""
    rewrite = rewriter(assembly, module)
    reached = reached_definitions(assembly)
    shots = [s for node in inputs.input_functions(assembly.group) for s in inputs.one_shots(node)]

    unit = unit_of(module.tree)

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
            if not holds_reached(node, reached, assembly) or is_left_out(assembly, node):
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


def renderer(module: Module, rewrite: Callable[[ast.AST], str | None]) -> Callable[[ast.AST], str]:
    """The rendering function of a rewrite."""
    return Renderer(module, rewrite).expression


def reached_definitions(assembly: Assembly) -> set[ast.AST]:
    """Functions that take part: evaluated for a model, or feeding one."""
    found: set[ast.AST] = set()
    for ctx in assembly.contexts:
        found |= set(ctx.facts.frames)
    return found | set(inputs.input_functions(assembly.group))


def holds_reached(node: ast.stmt, reached: set[ast.AST], assembly: Assembly) -> bool:
    """True when a definition takes part in the conversion, itself or through one inside it."""
    calls = set(assembly.group.constructions) | set(assembly.group.uses)
    return any(n in reached or n in calls or n in assembly.replaced for n in descendants(node))


def is_left_out(assembly: Assembly, node: ast.stmt) -> bool:
    """True for a function that the converted program names no more, and that makes no part of it inside."""
    calls = set(assembly.group.constructions) | set(assembly.group.uses)
    if not isinstance(node, ast.FunctionDef) or node in inputs.input_functions(assembly.group):
        return False
    return node.name not in assembly.named and not any(n in calls or n in assembly.replaced for n in descendants(node))


def best_effort(
    assembly: Assembly, module: Module, node: ast.stmt, rewrite: Callable[[ast.AST], str | None]
) -> list[str] | None:
    """A definition that takes no part: library names are brought up to date, and what cannot be gets a marker above.

    In a file with a part of another program, which still needs its names, that is done as a whole or not at all.
    """
    if holds_others(assembly, module):
        try:
            plain = Statements(lambda n: [] if dropped(assembly, module, n) else None, lambda n: [])
            edited(dataclasses.replace(module, tree=ast.Module([node], [])), plain, rewrite)
        except Refused:
            return own_lines(module, node)
        return None
    statements = [n for n in (node, *descendants(node)) if isinstance(n, ast.stmt)]

    def replace(inner: ast.stmt) -> list[str] | None:
        return marked(assembly, module, inner) or ([] if dropped(assembly, module, inner) else None)

    for _ in statements:
        try:
            plan = dataclasses.replace(module, tree=ast.Module([node], []))
            edited(plan, Statements(replace, lambda n: []), rewrite)
            break
        except Refused as refused:
            line = refused.refusal.line if refused.refusal.path == module.path else node.lineno
            around = [n for n in statements if n.lineno <= line <= (n.end_lineno or n.lineno)] or [node]
            innermost = min(around, key=lambda n: (n.end_lineno or n.lineno) - n.lineno)
            assembly.markers[innermost if innermost not in assembly.markers else node] = refused.refusal.message
            message = f"left as it is, for no converted code needs it: {refused.refusal.message}"
            assembly.group.ctx.note(refused.refusal.rule, "warning", module, innermost, message)
    return marked(assembly, module, node)


def marked(assembly: Assembly, module: Module, node: ast.stmt) -> list[str] | None:
    """A statement that stays as it is, with the reason in a comment above; None for any other."""
    if node not in assembly.markers:
        return None
    return [*comment(assembly.markers[node], len(module.indent_of(node))), *own_lines(module, node)]


def own_lines(module: Module, node: ast.stmt) -> list[str]:
    """The lines of a statement as they are, its indentation taken off."""
    start, end = module.span(node)
    indent = module.indent_of(node)
    return [line.removeprefix(indent) for line in module.text[start:end].split("\n")]


def holds_others(assembly: Assembly, module: Module) -> bool:
    """True when a file has model_fns, Estimators or calls on them that are not converted here."""
    group = assembly.group
    program = group.program
    nodes: set[ast.AST] = {fn.node for fn in (*program.model_fns, *program.unattached) if fn.module.path == module.path}
    nodes |= {made.call for made in program.constructions if made.module.path == module.path}
    nodes |= {use.call for use in program.uses if use.module.path == module.path}
    return bool(nodes - set(group.models) - set(group.constructions) - set(group.uses))


def comment(message: str, column: int) -> list[str]:
    """A marker for a person as comment lines."""
    return textwrap.wrap(
        f"TODO(migrate): {message}", max(40, WIDTH - column), initial_indent="# ", subsequent_indent="# "
    )


def rewriter(assembly: Assembly, module: Module) -> Callable[[ast.AST], str | None]:
    """Expressions of a file outside the definitions that were written anew."""
    group = assembly.group
    specs = assembly.specs

    def rewrite(node: ast.AST) -> str | None:
        if node in group.substituted:
            return group.substituted[node]
        if isinstance(node, ast.Call):
            if node in group.constructions:
                return training.construction_text(group, group.constructions[node], render)
            if node in group.uses:
                return training.use_text(group, group.uses[node], render)
            if run_configs.is_run_config(group, node):
                return run_configs.settings_text(group, module, node, render)
            if node in specs:
                group.ctx.imports.setdefault(module.path, set()).add("tf")
                return export_calls.spec_text(node, render)
            return call(node)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            return tensor_attributes.text_of(assembly.context_of(node), node, render) or reference(node)
        return log_levels.level_text(assembly.context_of(node), module, node, render)

    def call(node: ast.Call) -> str | None:
        ctx = assembly.context_of(node)
        skipped = steps.step_arguments(ctx, node)
        if skipped:
            return steps.call_without(node, skipped, render)
        inputs.refuse_iterator(ctx, module, node)
        applied = dataset_calls.applied_text(ctx, node, render)
        if applied is not None:
            return applied
        symbol = rewriting.called_symbol(ctx, node)
        if symbol is None or symbol.startswith("builtins."):
            return None
        if symbol == devices.SYMBOL:
            return devices.device_text(ctx, module, node, render)
        if symbol in EXPORTERS:
            return export_calls.exporter_text(group, module, node, symbol, render)
        if symbol == learn.METRIC_SPEC:
            return learners.metric_text(group, module, node, render)
        if symbol == learn.EXPORT_STRATEGY:
            return experiments.strategy_text(group, module, node, render)
        if symbol == serving.PARSING:
            return serving.parsing_text(ctx, module, node, render)
        if symbol in training.NUMPY_INPUTS:
            return training.numpy_text(group.ctx, module, node, render)
        return rewriting.rewrite_call(ctx, module, node, symbol, render)

    def reference(node: ast.Name | ast.Attribute) -> str | None:
        ctx = assembly.context_of(node)
        value = of_one_definition(ctx.facts.value(node))
        if isinstance(value, Function) and isinstance(value.node, ast.FunctionDef) and value.node in group.models:
            model = group.models[value.node]
            if isinstance(node, ast.Attribute):
                return f"{render(node.value)}.{model.builder}" if node.attr == value.node.name else None
            if node.id == value.node.name and (model.top_level or beside(model.module, value.node, node)):
                if module.path != model.module.path and model.top_level:
                    ctx.imports.setdefault(module.path, set()).add(f"{model.module.path}:{model.builder}")
                return model.builder
            return None
        owner = owner_named(assembly, value, node)
        if owner is not None:
            return owner.name_in(ctx, module)
        symbol = rewriting.symbol_of(ctx, node)
        if symbol is None:
            return cells.attribute_text(ctx, module, node, render) or rewriting.mode_key(ctx, node)
        if symbol.startswith(("tensorflow.estimator.", "tensorflow.contrib.")) and is_whole(node):
            found = ctx.rules.find(symbol)
            if found is None or found.target is None:
                raise ctx.refuse("estimator-symbol", node, module, f"`{symbol}` is used where nothing replaces it")
        return rewriting.rewrite_reference(ctx, module, node, symbol)

    render = renderer(module, rewrite)
    return rewrite


def of_one_definition(value: Value | None) -> Value | None:
    """The first of several closures of one definition, made by calls with different arguments; else the value."""
    found = list(options(value)) if value is not None else []
    nodes = {option.node if isinstance(option, Function) else None for option in found}
    return found[0] if len(nodes) == 1 and None not in nodes else value


def beside(module: Module, definition: ast.FunctionDef, node: ast.AST) -> bool:
    """True when a name stands in the function that a nested definition stands in: elsewhere it is another name.

    So it is in another file than `module`, the definition's own, and where the definition is a method.
    """
    kinds = (ast.FunctionDef, ast.ClassDef)
    inside = [f for f in descendants(module.tree) if isinstance(f, kinds) and f is not definition]
    around = [f for f in inside if definition in descendants(f)]
    if around and isinstance(around[-1], ast.ClassDef):
        return False
    return node in descendants(around[-1] if around else module.tree)


def owner_named(assembly: Assembly, value: Value | None, node: ast.Name | ast.Attribute) -> Owner | None:
    """The layer class that a function became, where a statement outside the models names the function."""
    if not isinstance(value, Function) or not isinstance(node, ast.Name) or value.bound is not None:
        return None
    if not isinstance(value.node, ast.FunctionDef) or node.id != value.node.name:
        return None
    for ctx in assembly.contexts:
        owner = ctx.owners.get(value.node)
        if isinstance(owner, Owner) and owner.cls is None:
            return owner
    return None


def is_whole(node: ast.AST) -> bool:
    """True for a reference that is not only the head of a longer dotted name."""
    return isinstance(node, ast.Attribute) and node.attr[:1].isupper()


def dropped(assembly: Assembly, module: Module, node: ast.stmt) -> bool:
    """True for a bare call that carries no number in Keras: log levels and the like, removed with a finding."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return False
    ctx = assembly.context_of(node.value)
    symbol = rewriting.called_symbol(ctx, node.value)
    rule = ctx.rules.find(symbol) if symbol else None
    if rule is None or rule.kind != "drop":
        return False
    ctx.note(rule.id, "info", module, node, f"`{symbol}` is dropped: {rule.note}")
    return True


# --------------------------------------------------------------------------------------------------------- imports
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
            statements.append(import_of(module, path, name))
    own = frozenset(part for p in group.ctx.project.sources for part in pathlib.PurePosixPath(p).with_suffix("").parts)
    plan = ImportPlan(frozenset(needed), tuple(statements), tuple(sorted(renamed.items())), own | {SUPPORT})
    return plan_imports(text, module.text, plan)


def imported_names(module: Module) -> set[str]:
    """Names that the file's from-imports bring in."""
    return {a.name for n in descendants(module.tree) if isinstance(n, ast.ImportFrom) for a in n.names}


def import_of(module: Module, path: str, name: str) -> str:
    """An import of a name from another project file, as files of the same package write it."""
    here = pathlib.PurePosixPath(module.path).parent
    there = pathlib.PurePosixPath(path)
    if there.parent == here and (uses_relative(module)):
        return f"from .{there.stem} import {name}"
    dotted = ".".join(there.with_suffix("").parts) if there.parent != here else there.stem
    return f"from {dotted} import {name}"


def uses_relative(module: Module) -> bool:
    """True when the file imports its neighbours relatively."""
    return any(isinstance(n, ast.ImportFrom) and n.level for n in descendants(module.tree))


def support_module(ctx: Context, module: Module) -> str:
    """How a file imports the support module beside it: relatively inside a package."""
    folder = pathlib.PurePosixPath(module.path).parent
    package = str(folder / "__init__.py") if str(folder) != "." else "__init__.py"
    if package not in ctx.project.sources or runs_from_its_folder(ctx, module, folder):
        return SUPPORT
    if uses_relative(module) or not absolute_name(module, folder):
        return f".{SUPPORT}"
    return f"{absolute_name(module, folder)}.{SUPPORT}"


def runs_from_its_folder(ctx: Context, module: Module, folder: pathlib.PurePosixPath) -> bool:
    """True for a file that is started as a script, or that its neighbours import by its bare name."""
    if uses_relative(module) or absolute_name(module, folder):
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
    return any(is_main_guard(node) for node in module.tree.body if isinstance(node, ast.If))


def absolute_name(module: Module, folder: pathlib.PurePosixPath) -> str:
    """The package name under which a file imports its own neighbours absolutely, or ""."""
    for node in descendants(module.tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            parts = node.module.split(".")
            for size in range(len(parts), 0, -1):
                if tuple(parts[:size]) == folder.parts[-size:]:
                    return ".".join(parts[:size])
    return ""


def support_files(assembly: Assembly) -> dict[str, str]:
    """The support module of each folder that needs one, merged with what an earlier run wrote there."""
    project = assembly.group.ctx.project
    wanted: dict[str, set[str]] = {}
    for ctx in (*assembly.contexts, assembly.group.ctx):
        for path, names in ctx.support.items():
            folder = str(pathlib.PurePosixPath(path).parent)
            target = f"{SUPPORT}.py" if folder == "." else f"{folder}/{SUPPORT}.py"
            wanted.setdefault(target, set()).update(names)
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
    from migrator.analysis.facts import Refusal

    return Refusal("support-module", target, 1, f"{target} exists and was not written by migrate, or was changed since")


__all__ = ["Assembly", "LoweredModel", "group_edits"]
