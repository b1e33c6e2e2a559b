"""Functions that return a loss or other values beside the metrics that they make: which parts are which."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser
from migrator.analysis.values import Mapping, Result, Sequence, Value, options
from migrator.lower.reading.owning import makes_only_metrics
from migrator.lower.reading.slices import last_assigned

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site

EVAL = frozenset({"eval"})
METHOD = "values"  # of the layer that such a function becomes


def returned(ctx: Context, definition: ast.AST | None) -> dict[ast.Return, list[ast.expr]] | None:
    """The parts of the tuple that a function of metrics returns, at its end or at that of each branch there.

    None for any other function: what stands behind a branch that returns would be updated in it too.
    """
    if not isinstance(definition, ast.FunctionDef) or not makes_only_metrics(ctx, definition):
        return None
    steps, _ = Specialiser(ctx.facts).block(definition.body, EVAL, definition.body[0].lineno - 1)
    last = ends(steps)
    if not last or len(last) != sum(isinstance(n, ast.Return) for n in ast.walk(definition)):
        return None
    nodes = {one: last_assigned(steps, one.value) if len(last) == 1 else one.value for one in last if one.value}
    found = {one: list(node.elts) for one, node in nodes.items() if isinstance(node, ast.Tuple)}
    return found if len(found) == len(last) and len({len(parts) for parts in found.values()}) == 1 else None


def ends(steps: list[Step]) -> list[ast.Return]:
    """The `return`s that a body ends with, in each branch of a condition at its end; none where one may go on."""
    last = steps[-1] if steps else None
    if last is None or last.kind != "if":
        return [last.node] if last is not None and isinstance(last.node, ast.Return) else []
    found = [ends(block) for block in last.blocks]
    return [one for block in found for one in block] if all(found) else []


def is_metric(ctx: Context, value: Value | None) -> bool:
    """True for metrics and whatever holds nothing but metrics."""
    if isinstance(value, (Sequence, Mapping)):
        inner = value.items if isinstance(value, Sequence) else list(value.items.values())
        return bool(inner) and not value.open and all(is_metric(ctx, item) for item in inner)
    found = options(value) if value is not None else ()
    rules = [ctx.rules.find(option.symbol) if isinstance(option, Result) else None for option in found]
    return bool(found) and all(rule is not None and rule.kind == "metric" for rule in rules)


def beside_metrics(ctx: Context, definition: ast.AST | None) -> list[int] | None:
    """Which parts of what a function of metrics returns are no metrics; None where that is not one kind of tuple."""
    ways = returned(ctx, definition)
    if ways is None:
        return None
    found = [
        [at for at, part in enumerate(parts) if not is_metric(ctx, ctx.facts.value(part, "eval"))]
        for parts in ways.values()
    ]
    return found[0] if all(kept == found[0] for kept in found) else None


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
    ways = returned(st.ctx, site.own.definition)
    statement = site.step.node
    if kept and ways and isinstance(statement, ast.Assign) and statement.value is site.own.call:
        target = statement.targets[0]
        names = isinstance(target, (ast.Tuple, ast.List)) and all(isinstance(item, ast.Name) for item in target.elts)
        if (
            len(statement.targets) == 1
            and names
            and all(len(getattr(target, "elts", ())) == len(parts) for parts in ways.values())
        ):
            return kept
    message = "what a function returns beside its metrics is not unpacked where it is called"
    raise st.ctx.refuse("metrics", site.own.call, st.module, message)
