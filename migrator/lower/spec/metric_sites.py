"""Which calls are metrics that evaluate reports."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrator.lower.reading.owning import makes_only_metrics

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site


def reported(ctx: Context, site: Site) -> bool:
    """True for a metric that evaluate reports or computes another from; one that is only summarised goes."""
    return site.own.kind != "metric" or site.own.call in ctx.metric_names or site.own.call in ctx.metric_keys


def metric_site(st: Body, site: Any) -> bool:
    """True for a streaming metric, or a function that makes nothing but metrics."""
    if site.own.kind == "metric":
        return True
    if site.own.kind == "function" and site.own.definition is not None:
        return makes_only_metrics(st.ctx, site.own.definition)
    return False


def has_metric_site(st: Body, step: Step) -> bool:
    """True when the step updates a metric."""
    return any(s.step is step and metric_site(st, s) and reported(st.ctx, s) for s in st.sites.values())


def stores_metric(st: Body, target: ast.AST) -> bool:
    """True for what a statement stores a metric in: the statement goes, but for the metric."""
    if not isinstance(target, ast.Subscript) or not isinstance(target.ctx, ast.Store):
        return False
    made = [site.step.node for site in st.sites.values() if metric_site(st, site) and reported(st.ctx, site)]
    return any(target in getattr(statement, "targets", ()) for statement in made)
