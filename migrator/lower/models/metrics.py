"""Evaluation metrics: compile arguments where labels and outputs are all they need, else `compute_metrics`."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Const, Mapping, Result, Sequence, Value, options
from migrator.lower.bodies import construction_lines, rendering
from migrator.lower.bodies.owned_calls import use_text
from migrator.lower.bodies.owned_creations import creation_text
from migrator.lower.library import rule_arguments, tensor_items
from migrator.lower.models import metric_results
from migrator.lower.models.losses import reassigned, resolve
from migrator.lower.models.metric_loads import update_loads
from migrator.lower.models.model_parts import bind_outputs, known
from migrator.lower.reading import class_lines, symbols
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.lower.spec import metric_choices, metric_entries, metric_pairs
from migrator.lower.spec.metric_sites import has_metric_site, metric_site, reported
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site
    from migrator.lower.spec.metric_entries import Entry

ARGMAX = frozenset({"tensorflow.argmax", "tensorflow.math.argmax", "tensorflow.arg_max"})


def name_metrics(parts: ModelParts) -> None:
    """Give every metric call the key that evaluate reports it under.

    Entries that are computed from metrics are left for `get_metrics_result`; what can be neither refuses.
    """
    fields = parts.fields.get("eval")
    if fields is None or "eval_metric_ops" not in fields.expressions:
        return
    value = fields.values["eval_metric_ops"]
    expression = fields.expressions["eval_metric_ops"]
    found = metric_entries.entries(parts.ctx, parts.module, parts.node, expression)
    if found is not None:
        for entry in found:
            name_entry(parts, entry)
        metric_results.check(parts)
        return
    if not isinstance(value, Mapping) or value.open:
        raise parts.ctx.refuse("metrics", expression, parts.module, "the metrics are not a dict that can be followed")
    for key, metric in value.items.items():
        call = metric_call(parts, metric)
        if call is None:
            raise parts.ctx.refuse("metrics", expression, parts.module, f"the metric {key!r} is not a tf.metrics call")
        if call in parts.ctx.metric_names and parts.ctx.metric_names[call] != repr(key):
            raise parts.ctx.refuse("metrics", call, parts.module, "one metric is reported under two names")
        parts.ctx.metric_names[call] = repr(key)


def name_entry(parts: ModelParts, entry: Entry) -> None:
    """Note one entry of the dictionary: a metric with its key, or a value computed from metrics."""
    ctx = parts.ctx
    value = ctx.facts.value(entry.value, "eval")
    call = metric_pairs.entry_call(ctx, entry)
    call = metric_call(parts, value) if call is None and value is not None else call
    key = key_text(ctx, entry)
    apart = call is None or call in ctx.metric_names or call in ctx.metric_keys
    if call is not None and not apart:
        if key:
            ctx.metric_names[call] = key
        else:
            ctx.metric_keys[call] = entry.key
        return
    made = metric_choices.calls(ctx, value) if value is not None and key and not entry.around else []
    if made and not any(one in ctx.metric_names or one in ctx.metric_keys for one in made):
        ctx.metric_names |= dict.fromkeys(made, key)
        ctx.one_metric.append(made)
        metric_choices.share(parts.st)
        return
    if entry.around or not key:
        shown = key or ast.unparse(entry.key)
        raise ctx.refuse("metrics", entry.value, entry.module, f"the metric {shown} is not a tf.metrics call")
    parts.results.append((key, entry))


def key_text(ctx: Context, entry: Entry) -> str:
    """The key as source, where it is one text; "" where it changes from trip to trip or is not known."""
    value = ctx.facts.value(entry.key, "eval")
    if isinstance(entry.key, ast.Constant):
        return repr(str(entry.key.value))
    loops = entry.repeated or any(step.kind in ("for", "while") for step, _ in entry.around)
    return repr(value.value) if isinstance(value, Const) and isinstance(value.value, str) and not loops else ""


def metric_call(parts: ModelParts, value: Value) -> ast.Call | None:
    """The tf.metrics call behind an entry of eval_metric_ops."""
    found = options(both_parts(value))
    if len({o.call for o in found if isinstance(o, Result)}) != 1 or not all(isinstance(o, Result) for o in found):
        return None
    first = found[0]
    assert isinstance(first, Result)
    rule = parts.ctx.rules.find(first.symbol)
    if rule is not None and rule.kind == "refuse":
        raise parts.ctx.refuse(rule.id, first.call, parts.module, rule.note)
    return first.call if rule is not None and rule.kind == "metric" and not first.part else None


def both_parts(value: Value) -> Value:
    """The metric that was unpacked into a value and an update, put together again; any other value as it is."""
    items = value.items if isinstance(value, Sequence) and not value.open else []
    split = [item for item in items if isinstance(item, Result) and item.part]
    if len(items) != 2 or [item.part for item in split] != [(0,), (1,)] or split[0].call is not split[1].call:
        return value
    return dataclasses.replace(split[0], part=())


def metric_sites(parts: ModelParts, st: Body) -> list[Site]:
    """The metric sites of the EVAL body that evaluate reports."""

    return [s for s in st.sites.values() if metric_site(st, s) and reported(parts.ctx, s)]


def compile_metrics(parts: ModelParts) -> list[str] | None:
    """The metrics argument of compile, or None when only `compute_metrics` is exact."""
    st = parts.staging(frozenset({"eval"}))
    found: list[str] = []
    if len(parts.cut) != 1 or not parts.labels or reassigned(parts, parts.labels) or parts.results:
        return None
    for site in metric_sites(parts, st):
        if site.own.kind != "metric" or site.own.rule is None or site.loops or site.conditional:
            return None
        text = compile_metric(parts, st, site)
        if text is None:
            return None
        found.append(text)
    return found


def compile_metric(parts: ModelParts, st: Body, site: Site) -> str | None:
    """One metric as a compile argument: over the labels and the model's only output."""
    rule, call = site.own.rule, site.own.call
    assert rule is not None
    bound = rule_arguments.bound_or_refuse(parts.ctx, parts.module, rule, call)
    if rule.weights_arg in bound or len(rule.update) != 2 or any(name not in bound for name in rule.update):
        return None
    labels, predictions = (resolve(st, bound[name]) for name in rule.update)
    if not (isinstance(labels, ast.Name) and labels.id == parts.labels):
        return None
    key = parts.ctx.metric_names.get(call)
    if key is None:
        return None
    raw = bound[rule.update[1]]
    if isinstance(raw, ast.Name) and raw.id == parts.cut[0]:
        return creation_text(st, site)
    if rule.id == "metric-accuracy" and is_class_of_output(parts, st, predictions):
        return parts.ctx.use(parts.module, f"keras.metrics.SparseCategoricalAccuracy(name={key})")
    return None


def is_class_of_output(parts: ModelParts, st: Body, node: ast.expr) -> bool:
    """True for the argmax over the last of two axes of the model's output."""
    if not isinstance(node, ast.Call) or symbols.called_symbol(parts.ctx, node) not in ARGMAX:
        return False
    axis = next((k.value for k in node.keywords if k.arg in ("axis", "dimension")), None)
    axis = axis or (node.args[1] if len(node.args) > 1 else None)
    source = next((k.value for k in node.keywords if k.arg == "input"), node.args[0] if node.args else None)
    on_last = isinstance(axis, ast.UnaryOp) or (isinstance(axis, ast.Constant) and axis.value in (1, -1))
    return on_last and isinstance(source, ast.Name) and source.id == parts.cut[0]


def metrics_method(parts: ModelParts) -> tuple[list[str], list[str]]:
    """(creations for `__init__`, the `compute_metrics` method); empty when the model reports none."""

    st = parts.staging(frozenset({"eval"}))
    if not metric_sites(parts, st):
        return [], []
    provided = parts.provided()
    needed, start = slice_steps(st.steps, set(), update_loads(st), lambda s: has_metric_site(st, s), provided)
    known(parts, start - bound_by(st, needed), {parts.features, parts.labels}, "the metrics")
    lines = metric_block(parts.ctx, st, st.steps, needed)
    head = class_lines.def_line("compute_metrics", ["self", "x", "y", "y_pred", "sample_weight=None"])
    if parts.features in start:
        head.append(f"        {parts.features} = x")
    if parts.labels and parts.labels in start:
        head.append(f"        {parts.labels} = y")
    head += bind_outputs(parts, set(provided), "y_pred")
    return creations(parts, st), [*head, *rendering.compact(lines), "        return self.get_metrics_result()"]


def creations(parts: ModelParts, st: Body) -> list[str]:
    """The statements of `__init__` that make the metrics, after the layers, with the static names that they need."""
    st.making_metrics = True
    kept = kept_names(parts, st)
    st.overrides |= kept
    st.begin_method()
    needed, live = st.slice_static(set())
    unknown = {name for name in live if st.roles.get(name) != "static"}
    if unknown:
        name = sorted(unknown)[0]
        raise parts.ctx.refuse("unbound", parts.node, parts.module, f"a metric is made with `{name}`, not known then")
    parts.made_with |= live
    lines = construction_lines.static_block(st, st.steps, needed, "        ", 0, needed)
    st.making_metrics = False
    for node in kept:
        del st.overrides[node]
    st.begin_method()
    return rendering.compact(lines)


def kept_names(parts: ModelParts, st: Body) -> dict[ast.AST, str]:
    """What `__init__` has set on the model before it makes the metrics: each name with the attribute to read."""
    shared = {step.node for step in walk(parts.st.steps) if step.kind == "simple"}
    bound: dict[str, list[Step]] = {}
    for step in walk(st.steps):
        for name in all_definitions(step):
            bound.setdefault(name, []).append(step)
    names = set()
    for name, steps in bound.items():
        first = steps[0].node
        plain = isinstance(first, ast.Assign) and [getattr(t, "id", "") for t in first.targets] == [name]
        if name in st.captured and len(steps) == 1 and plain and first in shared:
            names.add(name)
    read = (n for step in walk(st.steps) for n in every(step.node, ast.Name))
    return {n: f"self.{st.captured[n.id]}" for n in read if n.id in names and isinstance(n.ctx, ast.Load)}


def metric_block(ctx: Context, st: Body, steps: list[Step], needed: set[Step], indent: str = "        ") -> list[str]:
    """The EVAL slice, each statement that makes metrics replaced by their updates."""

    lines: list[str] = []
    deeper = indent + "    "
    for step in steps:
        if step not in needed:
            continue
        sites = [s for s in st.sites.values() if s.step is step and metric_site(st, s) and reported(ctx, s)]
        inside = any(s.step in set(_inner(step)) for s in st.sites.values() if metric_site(st, s))
        if step.kind in ("training", "with") and any(s in needed for b in step.blocks for s in b):
            for block in step.blocks:
                lines += metric_block(ctx, st, block, needed, indent)
        elif sites and step.kind in ("simple", "return"):
            lines += rendering.lead(st, step, indent)
            for site in sites:
                if site.comprehension is not None:
                    lines += comprehension_updates(st, site, indent)
                    continue
                lines += rendering.wrapped(indent, use_text(st, site), "")
        elif step.kind == "if" and inside:
            assert isinstance(step.node, ast.If)
            body, orelse = (rendering.compact(metric_block(ctx, st, b, needed, deeper)) for b in step.blocks)
            lines += rendering.lead(st, step, indent)
            lines += [f"{indent}if {rendering.test_text(st, step.node.test)}:", *(body or [f"{deeper}pass"])]
            lines += [f"{indent}else:", *orelse] if orelse else []
        elif step.kind == "for" and inside and not step.blocks[1]:
            lines += rendering.lead(st, step, indent)
            lines += rendering.loop_header(st, step, needed, indent)
            lines += rendering.compact(metric_block(ctx, st, step.blocks[0], needed, deeper))
        elif inside:
            raise ctx.refuse("metrics", step.node, st.module, "metrics are made where they may be skipped or repeated")
        elif step.kind == "return":
            continue  # nothing asks for what the metrics are collected in
        else:
            lines += rendering.lead(st, step, indent)
            lines += rendering.call_step(st, step, needed, indent, lambda s: [])
    return lines


def comprehension_updates(st: Body, site: Site, indent: str) -> list[str]:
    """The updates of the metrics that a comprehension makes for a dictionary, one for each of its trips."""
    node = site.comprehension
    generators = node.generators if isinstance(node, ast.DictComp) else []
    bound = {n.id for g in generators for n in every(g.target, ast.Name)}
    if len(generators) != 1 or generators[0].ifs or bound & (st.locals | st.roles.keys()):
        raise st.ctx.refuse("metrics", site.own.call, st.module, "metrics are made in a comprehension")
    target = st.module.segment(generators[0].target)
    if isinstance(generators[0].target, ast.Tuple) and not target.startswith("("):
        target = f"({target})"
    keys = tensor_items.keys_of(st, node)
    over = keys if keys is not None else st.call_text(generators[0].iter)
    if keys is not None:
        target = tensor_items.names_of(node)[1]
        st.substituted |= tensor_items.items(node)
    head = f"for {target}, {site.names[-1]} in zip({over}, self.{site.attr}):"
    return [f"{indent}{head}", *rendering.wrapped(f"{indent}    ", use_text(st, site), "")]


def _inner(step: Step) -> list[Step]:

    return list(walk([step])) if step.kind not in ("simple", "return") else []
