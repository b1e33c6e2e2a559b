"""What evaluate reports beside its metrics: values computed from several, in `get_metrics_result`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Result, Sequence, Value, options
from migrator.lower import helper_metrics, owners, rendering, tpu_specs
from migrator.lower.metric_entries import Entry
from migrator.lower.slices import slice_steps
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.model import ModelParts
    from migrator.lower.staging import Site, Staging


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
        updated |= updates(parts, entry, parts.ctx.facts.value(update if update is not None else value, "eval"))
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


def is_plain(parts: ModelParts, st: Staging, key: str, entry: Entry) -> bool:
    """True for the two parts of one metric put together again: it takes the key, when it has none yet."""
    value, update = pair_of(parts, st, entry)
    site = value_site(st, value)
    if site is None or update is None or site.own.call in parts.ctx.metric_names or "/" in key:
        return False
    if site.own.call not in updates(parts, entry, parts.ctx.facts.value(update, "eval")):
        return False
    parts.ctx.metric_names[site.own.call] = key
    return True


def refusal(parts: ModelParts, entry: Entry, message: str) -> Exception:
    """The refusal of one entry."""
    return parts.ctx.refuse("metrics", entry.value, entry.module, f"the metric {ast.unparse(entry.key)} {message}")


def pair_of(parts: ModelParts, st: Staging, entry: Entry) -> tuple[ast.expr, ast.expr | None]:
    """The value and the update of an entry; a metric that has another name already updates itself."""
    node = tpu_specs.last_assigned(st.steps, entry.value)
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        return node.elts[0], node.elts[1]
    if value_site(st, entry.value, whole=True) is not None:
        return entry.value, None
    raise refusal(parts, entry, "is neither a tf.metrics call nor a pair of a value and an update")


def updates(parts: ModelParts, entry: Entry, value: Value | None) -> set[ast.Call]:
    """The metrics that an update operation updates."""
    found: set[ast.Call] = set()
    for option in options(value) if value is not None else ():
        if isinstance(option, Sequence):
            found |= {call for item in option.items for call in updates(parts, entry, item)}
            continue
        rule = parts.ctx.rules.find(option.symbol) if isinstance(option, Result) else None
        if isinstance(option, Result) and rule is not None and rule.kind == "metric" and option.part in ((), (1,)):
            found.add(option.call)
        elif isinstance(option, Result) and option.symbol == "tensorflow.group" and not option.part:
            for name, item in option.bound.items():
                found |= updates(parts, entry, item) if name != "name" else set()
        elif not (isinstance(option, Result) and option.symbol in ("tensorflow.no_op", "tensorflow.constant")):
            raise refusal(parts, entry, "is updated by an operation that cannot be followed")
    return found


def value_site(st: Staging, node: ast.AST, whole: bool = False) -> Site | None:
    """The metric whose value an expression is: `precision[0]`, or a name that the pair was unpacked into."""
    if whole and isinstance(node, ast.Call) and node in st.sites and st.sites[node].own.kind == "metric":
        return st.sites[node]
    if not isinstance(node, (ast.Name, ast.Subscript)) or isinstance(node.ctx, ast.Store):
        return None
    value = st.ctx.facts.value(node, "eval")
    if not isinstance(value, Result) or value.part != (() if whole else (0,)):
        return None
    rule = st.ctx.rules.find(value.symbol)
    site = st.sites.get(value.call)
    return site if rule is not None and rule.kind == "metric" and site is not None and not site.loops else None


def value_loads(st: Staging, node: ast.AST) -> set[str]:
    """The names that computing a value reads, metrics left out: their objects are at hand."""
    taken = {n for part in descendants(node) if is_value(st, part) for n in descendants(part)}
    known = {n.id for n in taken if isinstance(n, ast.Name)}
    return st.loads_call(node) - known


def is_value(st: Staging, node: ast.AST) -> bool:
    """True for an expression that is a metric's value, or the pair where nothing but the value is asked for."""
    return value_site(st, node) is not None or value_site(st, node, whole=True) is not None


def value_steps(parts: ModelParts, st: Staging, entry: Entry, value: ast.expr) -> list[ast.stmt]:
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
        *owners.def_line("get_metrics_result", ["self"]),
        "        results = super().get_metrics_result()",
        *(f"        del results[{name}]" for name in hidden),
        *rendering.compact(lines),
        *stored,
        *told,
        "        return results",
    ]


def substitute(st: Staging, node: ast.AST) -> None:
    """Have a metric's value read from the metric."""
    site = value_site(st, node)
    if site is not None:
        st.substituted[node] = f"self.{site.attr}.result()"
