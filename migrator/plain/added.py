"""Metrics that `add_metrics` gives a canned estimator: they join those of its model_fn."""

from __future__ import annotations

import ast
import dataclasses

from migrator.plain.found import Site, Staying, symbol_of
from migrator.source.inventory import import_aliases
from migrator.source.syntax import descendants

ADDING = frozenset({"tensorflow.contrib.estimator.add_metrics", "tensorflow.estimator.add_metrics"})
GIVEN = ("features", "labels", "predictions")


@dataclasses.dataclass(frozen=True)
class Added:
    """What `estimator = add_metrics(estimator, f)` adds, as a call of f, and the statement that goes."""

    text: str
    statement: ast.Assign


def added_metrics(site: Site) -> list[Added]:
    """The metrics added to the estimator of a construction, in order. Raises Staying where they cannot be followed."""
    holder = site.around[-1] if site.around else site.module.tree
    name = bound_name(holder, site.call)
    aliases = import_aliases(site.module.tree)
    calls = [n for n in descendants(holder) if isinstance(n, ast.Call) and symbol_of(n.func, aliases) in ADDING]
    found: list[Added] = []
    for call in sorted(calls, key=lambda c: c.lineno):
        given = dict(zip(("estimator", "metric_fn"), call.args, strict=False))
        given.update((k.arg, k.value) for k in call.keywords if k.arg)
        estimator, function = given.get("estimator"), given.get("metric_fn")
        if estimator is site.call:
            raise Staying("metrics are added to it where it is made: give it a name first")
        if not (isinstance(estimator, ast.Name) and estimator.id == name):
            continue
        statement = next((n for n in descendants(holder) if isinstance(n, ast.Assign) and n.value is call), None)
        if statement is None or not all(isinstance(t, ast.Name) and t.id == name for t in statement.targets):
            raise Staying("metrics are added to it under another name")
        if not isinstance(function, ast.Name):
            raise Staying("the function of the added metrics cannot be followed")
        found.append(Added(call_of(site, function.id), statement))
    return found


def bound_name(holder: ast.AST, call: ast.Call) -> str:
    """The name that an assignment gives a call's value; "" for none."""
    for node in descendants(holder):
        if isinstance(node, ast.Assign) and node.value is call and len(node.targets) == 1:
            return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""
    return ""


def call_of(site: Site, name: str) -> str:
    """The call of a metric function at the top of the file, with what it asks for. Raises Staying for any other."""
    definition = next((n for n in site.module.tree.body if isinstance(n, ast.FunctionDef) and n.name == name), None)
    if definition is None:
        raise Staying("the function of the added metrics is not at the top of this file")
    arguments = definition.args
    asked = [a.arg for a in (*arguments.args, *arguments.kwonlyargs)]
    if arguments.vararg or arguments.kwarg or arguments.defaults or not set(asked) <= set(GIVEN):
        raise Staying("the function of the added metrics asks for more than features, labels and predictions")
    return f"{name}({', '.join(f'{a}={a}' for a in asked)})"
