"""What updating metrics reads."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.lower.bodies.owned_calls import call_parts
from migrator.lower.spec.metric_sites import metric_site, reported
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def update_loads(st: Body) -> Callable[[ast.AST], set[str]]:
    """What an expression reads in `compute_metrics`: of one that makes metrics, only what updates them."""
    made = [site.step.node for site in st.sites.values() if metric_site(st, site) and reported(st.ctx, site)]
    targets = {target for statement in made for target in getattr(statement, "targets", ())}

    def loads(node: ast.AST) -> set[str]:
        if node in targets:
            return set()  # what it is stored in is not written: only the update is
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
