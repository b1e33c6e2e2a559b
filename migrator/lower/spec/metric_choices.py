"""One key of the metrics, and another call on each side of a condition: only one of them is ever made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, Value, options
from migrator.lower.library.rule_arguments import bound_or_refuse
from migrator.lower.spec.alternatives import common_branch
from migrator.lower.spec.gradients import around

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site


def calls(ctx: Context, value: Value) -> list[ast.Call]:
    """The tf.metrics calls that a value is one of, in branches of their own each; none where it may be another."""
    found = list(options(value))
    results = [o for o in found if isinstance(o, Result) and not o.part]
    rules = [ctx.rules.find(result.symbol) for result in results]
    if len(results) < 2 or len(results) < len(found) or any(rule is None or rule.kind != "metric" for rule in rules):
        return []
    made = [result.call for result in results]
    function = around(results[0].module, made[0])
    if function is None or len({result.module.path for result in results}) > 1:
        return []
    return made if common_branch(function, made) is not None else []


def share(st: Body) -> None:
    """Have the calls of one key that only sizes choose from use one metric: all of them would be made.

    What construction decides makes one of them alone.
    """
    for group in st.ctx.one_metric:
        sites = [st.sites[call] for call in group if call in st.sites]
        if not any(site.late_branch for site in sites):
            continue
        first, *others = sites
        if not all(alike(st, first, site) for site in others):
            message = "which of several metrics one name stands for is only known when the model is called"
            raise st.ctx.refuse("metrics", first.own.call, st.module, message)
        for site in others:
            site.shared, site.attr, site.names = first, first.attr, first.names


def alike(st: Body, one: Site, other: Site) -> bool:
    """True for calls of one metric that make it with the same constants."""
    plain = one.own.symbol == other.own.symbol and not (one.loops or other.loops)
    made_with = constants(st, one)
    return (
        plain and one.late_branch and other.late_branch and made_with is not None and made_with == constants(st, other)
    )


def constants(st: Body, site: Site) -> dict[str, str] | None:
    """What a metric is made with, besides its name, as text; None where that is more than constants."""
    rule, call = site.own.rule, site.own.call
    if rule is None:
        return None
    given = bound_or_refuse(st.ctx, st.module, rule, call)
    kept = {name: node for name, node in given.items() if name not in (*rule.update, rule.weights_arg, rule.name_arg)}
    if not all(isinstance(node, ast.Constant) for node in kept.values()):
        return None
    return {name: ast.unparse(node) for name, node in kept.items() if name != "name"}
