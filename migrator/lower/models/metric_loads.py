"""What updating metrics reads."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.lower.bodies.owned_calls import call_parts
from migrator.lower.spec.metric_sites import metric_site, stores_metric
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def update_loads(st: Body) -> Callable[[ast.AST], set[str]]:
    """What an expression reads in `compute_metrics`: of one that makes metrics, only what updates them."""

    def loads(node: ast.AST) -> set[str]:
        if stores_metric(st, node):
            return set()  # only the update is written
        found = [st.ctx.applied.get(n, n) for n in every(node, ast.Call)]
        calls = [n for n in found if n in st.sites]
        sites = [st.sites[n] for n in calls if metric_site(st, st.sites[n])]
        if not sites:
            return st.loads_call(node)
        over = [
            g.iter
            for site in sites
            if isinstance(site.comprehension, ast.DictComp)
            for g in site.comprehension.generators
        ]
        parts = [part for site in sites for part in call_parts(st, site)]
        return set().union(*(st.loads_call(part) for part in [*parts, *over]))

    return loads
