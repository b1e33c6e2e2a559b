"""Functions that return a loss or other values beside the metrics that they make: which parts are which."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser
from migrator.analysis.values import Mapping, Result, Sequence, Value, options
from migrator.lower.reading.owning import makes_only_metrics
from migrator.lower.reading.slices import last_assigned

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site

EVAL = frozenset({"eval"})
METHOD = "values"  # of the layer that such a function becomes


def returned(ctx: Context, definition: ast.AST | None) -> list[ast.expr] | None:
    """The parts of the tuple that a function of metrics returns in its only `return`; None for any other function."""
    if not isinstance(definition, ast.FunctionDef) or not makes_only_metrics(ctx, definition):
        return None
    steps, _ = Specialiser(ctx.facts).block(definition.body, EVAL, definition.body[0].lineno - 1)
    ways = [n for n in ast.walk(definition) if isinstance(n, ast.Return)]
    last = steps[-1].node if steps else None
    if len(ways) != 1 or not isinstance(last, ast.Return) or last.value is None:
        return None
    node = last_assigned(steps, last.value)
    return list(node.elts) if isinstance(node, ast.Tuple) else None


def is_metric(ctx: Context, value: Value | None) -> bool:
    """True for metrics and whatever holds nothing but metrics."""
    if isinstance(value, (Sequence, Mapping)):
        inner = value.items if isinstance(value, Sequence) else list(value.items.values())
        return bool(inner) and not value.open and all(is_metric(ctx, item) for item in inner)
    found = options(value) if value is not None else ()
    rules = [ctx.rules.find(option.symbol) if isinstance(option, Result) else None for option in found]
    return bool(found) and all(rule is not None and rule.kind == "metric" for rule in rules)


def beside_metrics(ctx: Context, definition: ast.AST | None) -> list[int] | None:
    """Which parts of what a function of metrics returns are no metrics; None where that is not one tuple."""
    parts = returned(ctx, definition)
    if parts is None:
        return None
    return [at for at, part in enumerate(parts) if not is_metric(ctx, ctx.facts.value(part, "eval"))]


def is_asked(ctx: Context, site: Site) -> bool:
    """True for the call of a function of metrics, other than one that stands for a metric itself."""
    definition = site.own.definition
    return site.own.kind != "metric" and definition is not None and makes_only_metrics(ctx, definition)


def target_text(st: Body, node: ast.AST) -> str | None:
    """`loss, accuracy = compute(...)` keeps the names of what is no metric; None for any other target."""
    if not isinstance(node, (ast.Tuple, ast.List)) or not isinstance(node.ctx, ast.Store):
        return None
    for site in st.sites.values():
        statement = site.step.node
        unpacks = isinstance(statement, ast.Assign) and statement.targets == [node] and statement.value is site.own.call
        if unpacks and is_asked(st.ctx, site):
            return ", ".join(ast.unparse(node.elts[at]) for at in unpacked(st, site))
    return None


def unpacked(st: Body, site: Site) -> list[int]:
    """Which of the names that a call is unpacked into hold no metric. Refuses what is not unpacked at once."""
    kept = beside_metrics(st.ctx, site.own.definition)
    parts = returned(st.ctx, site.own.definition)
    statement = site.step.node
    if kept and parts and isinstance(statement, ast.Assign) and statement.value is site.own.call:
        target = statement.targets[0]
        names = isinstance(target, (ast.Tuple, ast.List)) and all(isinstance(item, ast.Name) for item in target.elts)
        if len(statement.targets) == 1 and names and len(getattr(target, "elts", ())) == len(parts):
            return kept
    message = "what a function returns beside its metrics is not unpacked where it is called"
    raise st.ctx.refuse("metrics", site.own.call, st.module, message)
