"""The state of writing the files of one or several groups."""

from __future__ import annotations

import ast
import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.lower.programs import argument_makers, changed_receivers, export_calls, inputs, received_tensors, serving
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.analysis.values import Function
    from migrator.lower.programs.group import Group
    from migrator.lower.reading.context import Context


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
    mentioned: dict[str, set[str]] = dataclasses.field(default_factory=dict)  # file, or "" -> names: is_mentioned
    users: Callable[[str], list[str]] | None = None  # file -> files that import it, once somebody asks
    seen_by: dict[str, set[str]] = dataclasses.field(default_factory=dict)  # file -> files that see it, that one too

    @functools.cached_property
    def calls(self) -> frozenset[ast.Call]:
        """The calls that make the group's Estimators or use them."""
        return frozenset(self.group.constructions) | frozenset(self.group.uses)

    @functools.cached_property
    def feeding(self) -> dict[ast.AST, Function]:
        """The functions that feed the models, by definition."""
        return inputs.input_functions(self.group)

    @functools.cached_property
    def makers(self) -> dict[ast.AST, Function]:
        """The functions that make what Estimators and the calls on them are given, by definition."""
        return argument_makers.argument_makers(self.group)

    @functools.cached_property
    def specs(self) -> frozenset[ast.Call]:
        """The placeholders of serving functions that become specifications."""
        found = export_calls.placeholder_specs(self.group.ctx)
        for function in self.servings:
            for node in descendants(function):
                if isinstance(node, ast.Call) and received_tensors.is_placeholder(self.group.ctx.facts.value(node)):
                    found.add(node)
        return frozenset(found)

    @functools.cached_property
    def servings(self) -> dict[ast.FunctionDef, serving.Serving]:
        """The serving functions, taken apart."""
        found: dict[ast.FunctionDef, serving.Serving] = {}
        for node, function in self.feeding.items():
            call = serving.receiver_of(self.group.ctx, node)
            if call is not None and isinstance(node, ast.FunctionDef):
                where = (self.group.ctx, function.scope.module, node, call)
                found[node] = changed_receivers.taken_apart(*where) or serving.taken_apart(*where)
        return found

    def context_of(self, node: ast.AST) -> Context:
        """The context that knows a node: the model's where it was evaluated for one."""
        for ctx in self.contexts:
            if node in ctx.facts.values or (isinstance(node, ast.Call) and node in ctx.facts.callees):
                return ctx
        return self.group.ctx
