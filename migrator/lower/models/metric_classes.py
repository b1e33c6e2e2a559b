"""A function that returns a metric's value and update becomes a Keras metric class, made of the metrics in it."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from migrator.lower.bodies import objects, rendering
from migrator.lower.bodies.staging import Staging
from migrator.lower.models import metric_results, metric_values, metrics, owners
from migrator.lower.reading import class_lines, owning
from migrator.lower.reading.context import Context, class_name
from migrator.lower.reading.definitions import calls_in, parameter_roles, role
from migrator.lower.reading.owner import Owner, owner_of
from migrator.lower.reading.owning import Own, own_call
from migrator.lower.reading.slices import slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.lower.spec import metric_pairs
from migrator.rulebook import parameters
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.values import Function
    from migrator.lower.reading.owning import Pair

# names of keras.metrics.Metric, beside those that every Keras class has
HELD = frozenset({"result", "update_state", "reset_state", "stateless_result", "stateless_update_state", "name"})


def metric_owner(ctx: Context, own: Own) -> Owner:
    """The metric class of a function that returns one metric."""
    node, function = own.definition, own.function
    assert node is not None and function is not None
    module = function.scope.module
    pair = owning.pair_of(ctx, node)
    assert pair is not None
    for call in calls_in(node):
        inner = own_call(ctx, call)
        if inner is not None and inner.kind == "metric":
            ctx.metric_names[call] = ""  # a metric inside another is not reported by itself
    roles = parameter_roles(ctx, module, node)
    late = only_updated_with(ctx, node, roles)
    roles = {name: "call" if name in late else kind for name, kind in roles.items()}
    free = owners.free_names(node, function)
    st = Staging(ctx, module, node, roles, free=frozenset(free), late=late)
    wanted = class_name(node.name)
    name = ctx.top_level_name(module, wanted, f"{wanted}Metric")
    order = class_lines.parameter_order(node)
    owner = Owner(node, None, module, name, roles, [], [p for p in order if roles[p] == "call"], [], [])
    owner.staging = st
    result = result_lines(st, pair)
    needed, live = owners.only_updates(ctx, st) or (set(), set())
    update = metrics.metric_block(ctx, st, st.steps, needed)
    created, start = owners.construction(st, needed)
    owners.check_late(st, start)
    objects.check_start(st, start | live)
    owners.check_live(ctx, st, live - bound_by(st, needed), {p for p in order if roles[p] != "mode"})
    check_names(st, node)
    owner.captured = captured(st, function, start | live | st.captured.keys())
    owner.outer_defaults = class_lines.enclosing_defaults(st)
    body = "\n".join(created)
    static = [p for p in order if roles[p] == "static"]
    owner.init_parameters = [p for p in static if p in st.captured or owners.mentions(body, p)]
    if "name" in owner.init_parameters:
        raise ctx.refuse("metrics", node, module, f"`{node.name}` uses the name of its metric for more than naming it")
    owner.compose = functools.partial(class_text, ctx, st, owner, created, update, result)
    owner.text = owner.compose()
    return owner


def only_updated_with(ctx: Context, node: ast.FunctionDef, roles: dict[str, str]) -> frozenset[str]:
    """Parameters without a tensor (`weights=None`) that are given to nothing but the updates of metrics."""
    given: set[ast.AST] = set()
    for call in calls_in(node):
        own = own_call(ctx, call)
        if own is None or own.kind != "metric":
            continue
        if own.rule is not None:
            names = {*own.rule.update, own.rule.weights_arg or ""}
            order = parameters(own.rule.signature or "").positional
        else:
            inner = owner_of(ctx, None, own)
            names, order = set(inner.call_parameters), tuple(class_lines.parameter_order(inner.node))
        given |= {k.value for k in call.keywords if k.arg in names}
        given |= {a for name, a in zip(order, call.args, strict=False) if name in names}
    loads = [n for n in every(node, ast.Name) if isinstance(n.ctx, ast.Load)]
    static = {name for name, kind in roles.items() if kind == "static"}
    read = {name: [n for n in loads if n.id == name] for name in static}
    return frozenset(name for name, found in read.items() if found and all(n in given for n in found))


def result_lines(st: Staging, pair: Pair) -> list[str]:
    """The body of `result`: the value, computed from what the metrics inside tell."""
    ctx, module, node = st.ctx, st.module, st.node
    whole = st.sites.get(pair.value) if pair.update is None and isinstance(pair.value, ast.Call) else None
    if pair.update is None:
        if whole is None or whole.conditional or whole.loops:
            raise ctx.refuse("metrics", node, module, f"`{node.name}` does not always make its metric")
        return [f"        return self.{whole.attr}.result()"]
    if not metric_pairs.surely_updates(st, pair):
        message = f"`{node.name}` returns an update that may leave out a metric which its value is computed from"
        raise ctx.refuse("metrics", node, module, message)
    if any(site.conditional or site.loops or site.comprehension is not None for site in st.sites.values()):
        raise ctx.refuse("metrics", node, module, f"`{node.name}` makes its metrics in a loop or under a condition")

    def read(inner: ast.AST) -> set[str]:
        return metric_values.value_loads(st, inner)

    needed, start = slice_steps(st.steps, read(pair.value), read, lambda step: False)
    if any(site.step in needed for site in st.sites.values()):
        raise ctx.refuse("metrics", node, module, f"`{node.name}` computes its value from tensors, not from metrics")
    unknown = sorted(name for name in start if st.roles.get(name, "static") != "static" or name in st.late)
    if unknown:
        message = f"`{node.name}` computes its value from `{unknown[0]}`, which belongs to a batch"
        raise ctx.refuse("metrics", node, module, message)
    nodes = [n for step in metric_pairs.all_steps(st.steps) if step in needed for n in descendants(step.node)]
    for inner in [*nodes, *descendants(pair.value)]:
        metric_results.substitute(st, inner)
    lines = rendering.call_block(st, st.steps, needed, "        ", lambda step: [])
    return [*rendering.compact(lines), *rendering.wrapped("        return ", st.call_text(pair.value), "")]


def check_names(st: Staging, node: ast.FunctionDef) -> None:
    """Refuse a metric or a value that would stand under a name which Keras metrics have already."""
    held = {site.attr for site in st.sites.values()} | set(st.captured.values())
    if held & HELD:
        message = f"`{sorted(held & HELD)[0]}` is a name that Keras metrics have already"
        raise st.ctx.refuse("metrics", node, st.module, message)


def captured(st: Staging, function: Function, read: set[str]) -> list[str]:
    """The names of enclosing functions that the class is given when it is made."""
    found = sorted(read & st.free)
    for name in found:
        value = owners.scope_value(function, name)
        if role([value] if value is not None else []) != "static":
            message = f"`{name}` of the function around is not known when the metric is made"
            raise st.ctx.refuse("metrics", st.node, st.module, message)
    return [n for n in found if not owners.is_nested_owner(st.ctx, function, n)]


def class_text(
    ctx: Context, st: Staging, owner: Owner, created: list[str], update: list[str], result: list[str]
) -> str:
    """The source of a metric class."""
    module = owner.module
    ctx.use(module, "keras.metrics.Metric")
    lines = [f"class {owner.class_name}(keras.metrics.Metric):"]
    doc = class_lines.documentation(owner.node)
    if doc is not None:
        lines += [*class_lines.docstring(st, doc, "    "), ""]
    own = class_lines.signature(owner.node, module, owner.init_parameters, st, own=True)
    required = [p for p in own if "=" not in p]
    known = [*required, *owner.captured, *[p for p in own if "=" in p], f'name="{owner.node.name.strip("_")}"']
    lines += class_lines.def_line("__init__", ["self", *known, "**kwargs"])
    lines.append("        super().__init__(name=name, **kwargs)")
    lines += class_lines.parameter_attributes(st, [*owner.init_parameters, *owner.captured])
    lines += [*rendering.compact(created), ""]
    given = class_lines.signature(owner.node, module, owner.call_parameters, st)
    lines += [*class_lines.def_line("update_state", ["self", *given]), *rendering.compact(update), ""]
    lines += [*class_lines.def_line("result", ["self"]), *result]
    return objects.plain_names(st, "\n".join(lines))
