"""What evaluate reports beside its metrics: values computed from several, in `get_metrics_result`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.lower.bodies import rendering
from migrator.lower.models import helper_metrics
from migrator.lower.models.metric_values import no_pair, refusal, updates, value_loads, value_site
from migrator.lower.reading import class_lines, slices
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec import metric_pairs
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body
    from migrator.lower.spec.metric_entries import Entry


def check(parts: ModelParts) -> None:
    """Note the metrics that values are computed from. Refuses values that are not made of metrics that are updated."""
    helper_metrics.check(parts)
    if not parts.results:
        return
    st = parts.staging(frozenset({"eval"}))
    parts.results = [(key, entry) for key, entry in parts.results if not is_plain(parts, st, key, entry)]
    read: dict[ast.Call, Entry] = {}
    updated = {*parts.ctx.metric_names, *parts.ctx.metric_keys}
    for _, entry in parts.results:
        value, update = pair_of(parts, st, entry)
        updated |= updated_by(parts, st, entry, update if update is not None else value)
        for node in (value, *(n for step in value_steps(parts, st, entry, value) for n in descendants(step))):
            for inner in descendants(node):
                site = value_site(st, inner) or (value_site(st, inner, whole=True) if inner is value else None)
                if site is not None:
                    read[site.own.call] = entry
    for call, entry in read.items():
        if call not in updated:
            raise refusal(parts, entry, "is computed from a metric that is never updated")
        if call not in parts.ctx.metric_names:
            parts.hidden.add(call)
            parts.ctx.metric_names[call] = repr(st.sites[call].attr)


def is_plain(parts: ModelParts, st: Body, key: str, entry: Entry) -> bool:
    """True for the two parts of one metric put together again: it takes the key, when it has none yet."""
    value, update = pair_of(parts, st, entry)
    site = value_site(st, value)
    if site is None or update is None or site.own.call in parts.ctx.metric_names:
        return False
    if site.own.call not in updated_by(parts, st, entry, update):
        return False
    parts.ctx.metric_names[site.own.call] = key
    return True


def updated_by(parts: ModelParts, st: Body, entry: Entry, update: ast.expr) -> set[ast.Call]:
    """The metrics that an update runs the updates of."""
    computed = metric_pairs.computed_updates(st, update) if value_site(st, update, whole=True) is None else None
    return computed if computed is not None else updates(parts, entry, parts.ctx.facts.value(update, "eval"))


def pair_of(parts: ModelParts, st: Body, entry: Entry) -> tuple[ast.expr, ast.expr | None]:
    """The value and the update of an entry; a metric that has another name already updates itself."""
    node = slices.last_assigned(st.steps, entry.value)
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        return node.elts[0], node.elts[1]
    if value_site(st, entry.value, whole=True) is not None:
        return entry.value, None
    raise no_pair(parts, entry)


def value_steps(parts: ModelParts, st: Body, entry: Entry, value: ast.expr) -> list[ast.stmt]:
    """The statements that computing a value needs. Refuses what depends on a batch or makes layers."""
    needed, start = slice_steps(
        st.steps, value_loads(st, value), lambda node: value_loads(st, node), lambda step: False
    )
    unknown = {name for name in start if st.roles.get(name) != "static" and name not in st.free}
    if unknown:
        raise refusal(parts, entry, f"is computed from `{sorted(unknown)[0]}`, which belongs to a batch")
    if any(site.step in needed for site in st.sites.values()):
        raise refusal(parts, entry, "is computed from the network, not from metrics alone")
    return [step.node for step in walk(st.steps) if step in needed and step.kind == "simple"]


def results_method(parts: ModelParts) -> list[str]:
    """`get_metrics_result` with the computed values; empty where there are none."""
    if not parts.results and not parts.helper_results:
        return []
    st = parts.staging(frozenset({"eval"}))
    st.begin_method()
    told = helper_metrics.told(parts, st)
    lines: list[str] = []
    live: set[str] = set()
    stored: list[str] = []
    for step in walk(st.steps):
        for node in descendants(step.node):
            substitute(st, node)
    for key, entry in parts.results:
        value, _ = pair_of(parts, st, entry)
        live |= value_loads(st, value)
        site = value_site(st, value, whole=True)
        text = f"self.{site.attr}.result()" if site is not None else st.call_text(value)
        stored += rendering.wrapped(f"        results[{key}] = ", text, "")
    needed, _ = slice_steps(st.steps, live, lambda node: value_loads(st, node), lambda step: False)
    lines = rendering.call_block(st, st.steps, needed, "        ", lambda step: [])
    st.substituted.clear()
    hidden = sorted(parts.ctx.metric_names[call] for call in parts.hidden)
    return [
        *class_lines.def_line("get_metrics_result", ["self"]),
        "        results = super().get_metrics_result()",
        *(f"        del results[{name}]" for name in hidden),
        *rendering.compact(lines),
        *stored,
        *told,
        "        return results",
    ]


def substitute(st: Body, node: ast.AST) -> None:
    """Have a metric's value read from the metric."""
    site = value_site(st, node)
    if site is not None:
        st.substituted[node] = f"self.{site.attr}.result()"
