"""Evaluation metrics: compile arguments where labels and outputs are all they need, else `compute_metrics`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step
from migrator.analysis.values import Mapping, Result, Value, options
from migrator.emit.fragments import call_text
from migrator.lower import owners, rendering, rewriting
from migrator.lower.context import Context
from migrator.lower.losses import reassigned, resolve
from migrator.lower.owned_calls import creation_text, use_text
from migrator.lower.slices import slice_steps
from migrator.rulebook import Rule
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.model import ModelParts
    from migrator.lower.staging import Site, Staging

ARGMAX = frozenset({"tensorflow.argmax", "tensorflow.math.argmax", "tensorflow.arg_max"})


def name_metrics(parts: ModelParts) -> None:
    """Give every metric call the key that evaluate reports it under; values that are no plain metric refuse."""
    fields = parts.fields.get("eval")
    if fields is None or "eval_metric_ops" not in fields.expressions:
        return
    value = fields.values["eval_metric_ops"]
    expression = fields.expressions["eval_metric_ops"]
    if not isinstance(value, Mapping) or value.open:
        raise parts.ctx.refuse("metrics", expression, parts.module, "the metrics are not a dict that can be followed")
    for key, metric in value.items.items():
        call = metric_call(parts, metric)
        if call is None:
            raise parts.ctx.refuse("metrics", expression, parts.module, f"the metric {key!r} is not a tf.metrics call")
        if call in parts.ctx.metric_names and parts.ctx.metric_names[call] != key:
            raise parts.ctx.refuse("metrics", call, parts.module, "one metric is reported under two names")
        if "/" in str(key):
            raise parts.ctx.refuse(
                "metric-name", expression, parts.module, f"Keras metric names cannot hold `/`: {key!r}"
            )
        parts.ctx.metric_names[call] = str(key)


def metric_call(parts: ModelParts, value: Value) -> ast.Call | None:
    """The tf.metrics call behind an entry of eval_metric_ops."""
    found = options(value)
    if len({o.call for o in found if isinstance(o, Result)}) != 1 or not all(isinstance(o, Result) for o in found):
        return None
    first = found[0]
    assert isinstance(first, Result)
    rule = parts.ctx.rules.find(first.symbol)
    if rule is not None and rule.kind == "refuse":
        raise parts.ctx.refuse(rule.id, first.call, parts.module, rule.note)
    return first.call if rule is not None and rule.kind == "metric" and not first.part else None


def metric_sites(parts: ModelParts, st: Staging) -> list[Site]:
    """The metric sites of the EVAL body that evaluate reports."""
    from migrator.lower.model import metric_site

    return [s for s in st.sites.values() if metric_site(st, s)]


def compile_metrics(parts: ModelParts) -> list[str] | None:
    """The metrics argument of compile, or None when only `compute_metrics` is exact."""
    st = parts.staging(frozenset({"eval"}))
    found: list[str] = []
    if len(parts.cut) != 1 or not parts.labels or reassigned(parts, parts.labels):
        return None
    for site in metric_sites(parts, st):
        if site.own.kind != "metric" or site.loops or site.conditional:
            return None
        text = compile_metric(parts, st, site)
        if text is None:
            return None
        found.append(text)
    return found


def compile_metric(parts: ModelParts, st: Staging, site: Site) -> str | None:
    """One metric as a compile argument: over the labels and the model's only output."""
    rule, call = site.own.rule, site.own.call
    assert rule is not None
    bound = rewriting.bound_or_refuse(parts.ctx, parts.module, rule, call)
    if rule.weights_arg in bound or len(rule.update) != 2 or any(name not in bound for name in rule.update):
        return None
    labels, predictions = (resolve(st, bound[name]) for name in rule.update)
    if not (isinstance(labels, ast.Name) and labels.id == parts.labels):
        return None
    key = parts.ctx.metric_names.get(call)
    raw = bound[rule.update[1]]
    if isinstance(raw, ast.Name) and raw.id == parts.cut[0]:
        return creation_text(st, site)
    if rule.id == "metric-accuracy" and is_class_of_output(parts, st, predictions):
        return parts.ctx.use(parts.module, f"keras.metrics.SparseCategoricalAccuracy(name={key!r})")
    return None


def is_class_of_output(parts: ModelParts, st: Staging, node: ast.expr) -> bool:
    """True for the argmax over the last of two axes of the model's output."""
    if not isinstance(node, ast.Call) or rewriting.called_symbol(parts.ctx, node) not in ARGMAX:
        return False
    axis = next((k.value for k in node.keywords if k.arg in ("axis", "dimension")), None)
    axis = axis or (node.args[1] if len(node.args) > 1 else None)
    source = next((k.value for k in node.keywords if k.arg == "input"), node.args[0] if node.args else None)
    on_last = isinstance(axis, ast.UnaryOp) or (isinstance(axis, ast.Constant) and axis.value in (1, -1))
    return on_last and isinstance(source, ast.Name) and source.id == parts.cut[0]


def metrics_method(parts: ModelParts) -> tuple[list[str], list[str]]:
    """(creations for `__init__`, the `compute_metrics` method); empty when the model reports none."""
    from migrator.lower.model import bind_outputs, has_metric_site, known

    st = parts.staging(frozenset({"eval"}))
    sites = metric_sites(parts, st)
    if not sites:
        return [], []
    for site in sites:
        if site.loops or site.comprehension is not None:
            raise parts.ctx.refuse("metrics", site.own.call, parts.module, "metrics are made in a loop")
    provided = parts.provided()
    needed, start = slice_steps(st.steps, set(), update_loads(st), lambda s: has_metric_site(st, s), provided)
    known(parts, start, {parts.features, parts.labels}, "the metrics")
    lines = metric_block(parts.ctx, st, st.steps, needed)
    head = owners.def_line("compute_metrics", ["self", "x", "y", "y_pred", "sample_weight=None"])
    if parts.features in start:
        head.append(f"        {parts.features} = x")
    if parts.labels and parts.labels in start:
        head.append(f"        {parts.labels} = y")
    head += bind_outputs(parts, set(provided), "y_pred")
    creation: list[str] = []
    for site in sites:
        entry = site.own.call.lineno
        if entry > site.step.node.lineno:
            creation += rendering.comments_above(st, entry, "        ")
        creation += rendering.wrapped(f"        self.{site.attr} = ", creation_text(st, site), "")
    return creation, [*head, *rendering.compact(lines), "        return self.get_metrics_result()"]


def update_loads(st: Staging) -> Callable[[ast.AST], set[str]]:
    """What an expression reads in `compute_metrics`: of one that makes metrics, only what updates them."""
    from migrator.lower.model import metric_site
    from migrator.lower.owned_calls import call_parts

    def loads(node: ast.AST) -> set[str]:
        calls = [n for n in descendants(node) if isinstance(n, ast.Call) and n in st.sites]
        sites = [st.sites[n] for n in calls if metric_site(st, st.sites[n])]
        if not sites:
            return st.loads_call(node)
        return set().union(*(st.loads_call(part) for site in sites for part in call_parts(st, site)))

    return loads


def metric_block(ctx: Context, st: Staging, steps: list[Step], needed: set[Step]) -> list[str]:
    """The EVAL slice, each statement that makes metrics replaced by their updates."""
    lines: list[str] = []
    for step in steps:
        if step not in needed:
            continue
        sites = [s for s in st.sites.values() if s.step is step]
        if step.kind in ("training", "with") and any(s in needed for b in step.blocks for s in b):
            for block in step.blocks:
                lines += metric_block(ctx, st, block, needed)
        elif sites and step.kind in ("simple", "return"):
            lines += rendering.lead(st, step, "        ")
            for site in sites:
                lines += rendering.wrapped("        ", use_text(st, site), "")
        elif step.kind == "if" and any(s.step in set(_inner(step)) for s in st.sites.values()):
            raise ctx.refuse("metrics", step.node, st.module, "metrics are made under a condition")
        else:
            lines += rendering.lead(st, step, "        ")
            lines += rendering.call_step(st, step, needed, "        ", lambda s: [])
    return lines


def _inner(step: Step) -> list[Step]:
    from migrator.analysis.modes import walk

    return list(walk([step]))


__all__ = ["Rule", "call_text", "compile_metrics", "metrics_method", "name_metrics"]
