"""Values computed from metrics inside a function that makes metrics: its layer tells them in `results`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step, walk
from migrator.analysis.values import Result
from migrator.lower.bodies import rendering
from migrator.lower.models import metric_values
from migrator.lower.reading import slices
from migrator.lower.reading.class_lines import def_line
from migrator.lower.reading.definitions import calls_in
from migrator.lower.reading.owner import Owner
from migrator.lower.reading.owning import own_call
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec.metric_entries import EVAL, Entry
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body


def check(parts: ModelParts) -> None:
    """Take the entries that stand in helpers; name the metrics that their values are computed from."""

    own = [(key, entry) for key, entry in parts.results if entry.body is parts.node]
    others = [(key, entry) for key, entry in parts.results if entry.body is not parts.node]
    parts.results = own
    for key, entry in others:
        value, update = pair_of(parts, entry)
        updated = metric_values.updates(parts, entry, parts.ctx.facts.value(update, "eval"))
        call = value_call(parts, value)
        if call is not None and call in updated and call not in parts.ctx.metric_names:
            parts.ctx.metric_names[call] = key
        else:
            parts.helper_results.setdefault(entry.body, []).append((key, entry))
            parts.updated |= updated
    for helper in parts.helper_results:
        for number, call in enumerate(metric_calls(parts, helper)):
            if call not in parts.ctx.metric_names and call not in parts.ctx.metric_keys:
                parts.ctx.metric_names[call] = repr(f"{helper.name}_{number}")
                parts.hidden.add(call)
            elif call not in parts.hidden:
                parts.updated.add(call)


def metric_calls(parts: ModelParts, helper: ast.FunctionDef) -> list[ast.Call]:
    """The calls of a function that make metrics, in source order."""

    found = [call for call in calls_in(helper) if getattr(own_call(parts.ctx, call), "kind", "") == "metric"]
    return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def steps_of(parts: ModelParts, helper: ast.FunctionDef) -> list[Step]:
    """The statements of a helper in evaluation."""
    return Specialiser(parts.ctx.facts).block(helper.body, EVAL, helper.body[0].lineno - 1)[0]


def pair_of(parts: ModelParts, entry: Entry) -> tuple[ast.expr, ast.expr]:
    """The value and the update of an entry."""
    node = slices.last_assigned(steps_of(parts, entry.body), entry.value)
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        return node.elts[0], node.elts[1]
    raise metric_values.no_pair(parts, entry)


def value_call(parts: ModelParts, node: ast.AST) -> ast.Call | None:
    """The metric call whose value an expression is."""
    if not isinstance(node, (ast.Name, ast.Subscript)) or isinstance(node.ctx, ast.Store):
        return None
    value = parts.ctx.facts.value(node, "eval")
    rule = parts.ctx.rules.find(value.symbol) if isinstance(value, Result) else None
    if not isinstance(value, Result) or value.part != (0,) or rule is None or rule.kind != "metric":
        return None
    return value.call


def told(parts: ModelParts, st: Body) -> list[str]:
    """The lines that add what helpers tell; their layers get the method `results`."""
    lines: list[str] = []
    for helper, found in parts.helper_results.items():
        owner = parts.ctx.owners.get(helper)
        sites = [site for site in st.sites.values() if site.own.definition is helper and site.shared is None]
        where = found[0][1]
        if not isinstance(owner, Owner) or owner.staging is None or len(sites) != 1 or sites[0].conditional:
            message = "values are computed from metrics in a function that is not called once by the model_fn itself"
            raise parts.ctx.refuse("metrics", where.value, where.module, message)
        owner.text = owner.text.rstrip("\n") + "\n\n" + "\n".join(results_lines(parts, owner.staging, found))
        lines.append(f"        results.update(self.{sites[0].attr}.results())")
    return lines


def results_lines(parts: ModelParts, st: Body, found: list[tuple[str, Entry]]) -> list[str]:
    """`results` of a layer of metrics."""

    before = dict(st.captured)
    values = [(key, entry, pair_of(parts, entry)[0]) for key, entry in found]
    live = set().union(*(metric_values.value_loads(st, value) for _, _, value in values))
    needed, start = slice_steps(st.steps, live, lambda node: metric_values.value_loads(st, node), lambda step: False)
    where = found[0][1]
    if start - st.captured.keys() or any(site.step in needed for site in st.sites.values()):
        name = sorted(start)[0] if start else "layers"
        raise parts.ctx.refuse("metrics", where.value, where.module, f"a metric is computed from `{name}`, not metrics")
    nodes = [n for step in walk(st.steps) if step in needed for n in descendants(step.node)]
    nodes += [n for _, _, value in values for n in descendants(value)]
    for node in nodes:
        call = value_call(parts, node)
        if call is None:
            continue
        if call not in parts.updated or call not in st.sites:
            raise parts.ctx.refuse("metrics", where.value, where.module, "a metric is computed from one never updated")
        st.substituted[node] = f"self.{st.sites[call].attr}.result()"
    lines = rendering.compact(rendering.call_block(st, st.steps, needed, "        ", lambda step: []))
    lines.append("        return {")
    for key, _, value in values:
        lines += rendering.wrapped(f"            {key}: ", st.call_text(value), ",")
    if st.captured != before:
        raise parts.ctx.refuse("metrics", where.value, where.module, "a metric is computed from a static value")
    doc = '        """What is reported beside the metrics themselves."""'
    return [*def_line("results", ["self"]), doc, *lines, "        }"]
