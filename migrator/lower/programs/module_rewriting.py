"""What each call, name and statement of a file becomes outside its models."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis import learn
from migrator.analysis.values import Function, Value, options
from migrator.emit.fragments import Renderer, standalone
from migrator.lower.library import cells, rewriting, steps, tensor_attributes
from migrator.lower.programs import (
    dataset_calls,
    devices,
    eager_iterators,
    experiments,
    export_calls,
    input_datasets,
    inputs,
    learners,
    log_levels,
    received_tensors,
    run_configs,
    serving,
    training,
)
from migrator.lower.programs.groups import EXPORTERS
from migrator.lower.reading import symbols
from migrator.lower.reading.owner import Owner
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.programs.assembly_state import Assembly
    from migrator.source.module import Module


def renderer(module: Module, rewrite: Callable[[ast.AST], str | None]) -> Callable[[ast.AST], str]:
    """The rendering function of a rewrite."""
    return Renderer(module, rewrite).expression


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
                return received_tensors.spec_text(node, render)
            return call(node)
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            return tensor_attributes.text_of(assembly.context_of(node), node, render) or reference(node)
        return log_levels.level_text(assembly.context_of(node), module, node, render)

    def call(node: ast.Call) -> str | None:
        ctx = assembly.context_of(node)
        skipped = steps.step_arguments(ctx, node)
        if skipped:
            return steps.call_without(node, skipped, render)
        dataset = inputs.lambda_dataset(assembly.feeding, node)
        if dataset is not None:
            return standalone(render(dataset))
        stepped = eager_iterators.iterator_text(ctx, module, node, render)
        if stepped is not None:
            return stepped
        inputs.refuse_iterator(ctx, module, node)
        applied = dataset_calls.applied_text(ctx, node, render)
        if applied is not None:
            return applied
        symbol = symbols.called_symbol(ctx, node)
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
        if symbol in input_datasets.TABLES:
            return input_datasets.table_text(group.ctx, module, node, symbol, render)
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
        symbol = symbols.symbol_of(ctx, node)
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
    symbol = symbols.called_symbol(ctx, node.value)
    rule = ctx.rules.find(symbol) if symbol else None
    if rule is None or rule.kind != "drop":
        return False
    ctx.note(rule.id, "info", module, node, f"`{symbol}` is dropped: {rule.note}")
    return True
