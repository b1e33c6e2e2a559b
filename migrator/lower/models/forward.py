"""The forward pass of a model_fn: what `call` computes, and which values separate the network from every field."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL, Step, header, walk
from migrator.analysis.values import Const
from migrator.emit.fragments import Renderer
from migrator.lower.models import optimizer
from migrator.lower.models.metric_loads import update_loads
from migrator.lower.models.model_parts import ModelParts, check_predicted, check_versions, left_open
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.lower.spec.metric_sites import has_metric_site, metric_site
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context


FIELD_MODES = {
    "predictions": frozenset({"infer"}),
    "loss": frozenset({"train", "eval"}),
    "eval_metric_ops": frozenset({"eval"}),
    "train_op": frozenset({"train"}),
}


def find_forward(parts: ModelParts) -> None:
    """Decide what `call` computes: all that creates layers, and what the fields need from the network.

    One value that separates the network from every field is the natural result (the logits); without one, `call`
    returns each value that some field needs.
    """
    if prediction_differs(parts) and not one_network(parts):
        parts.call_modes = frozenset({"train", "eval"})
    settle(parts, set())
    if len(parts.cut) > 1 or network_in_predictions(parts):
        wide = (parts.forward, parts.forward_nodes, parts.cut)
        for name in single_candidates(parts):
            settle(parts, {name})
            if parts.cut == [name] and not network_in_predictions(parts):
                break
        else:
            parts.forward, parts.forward_nodes, parts.cut = wide
    st = parts.call_staging
    needed, live = st.slice_call(set(parts.cut), lambda step: has_forward_site(st, step))
    check_predicted(parts, needed)
    check_outside(parts, live - left_open(parts, needed))


def prediction_differs(parts: ModelParts) -> bool:
    """True when the network is built differently for prediction than for training and evaluation."""
    for step in walk(parts.st.steps):
        if step.kind != "training" or step.modes in ({"train"}, ALL - {"train"}):
            continue
        if step.node is not None and any(has_forward_site(parts.st, s) for s in walk(step.blocks[0])):
            if isinstance(step.node, ast.If) and any(has_forward_site(parts.st, s) for s in walk(step.blocks[0])):
                return True
    return False


def one_network(parts: ModelParts) -> bool:
    """True when every mode builds its network by the same statements, but for being told which mode it is."""
    found: set[tuple[str, ...]] = set()
    for mode in sorted(parts.st.modes):
        st = parts.staging(frozenset({mode}))
        needed, _ = st.slice_call(set(), functools.partial(has_forward_site, st))
        inside = (s for s in walk(st.steps) if s in needed and s.kind == "simple")
        told = functools.partial(told_mode, parts.ctx, mode)
        found.add(tuple(Renderer(st.module, told).inside(s.node) for s in inside))
    return len(found) == 1


def told_mode(ctx: Context, mode: str, node: ast.AST) -> str | None:
    """`training` for what says whether this mode is training: a constant, or a value that depends on the mode."""
    value = ctx.facts.value(node, mode) if isinstance(node, ast.expr) else None
    if isinstance(value, Const) and value.value is (mode == "train"):
        return "training" if value.mode or isinstance(node, ast.Constant) else None
    return None


def settle(parts: ModelParts, wanted: set[str]) -> None:
    """The forward slice for at least these results, grown until no field asks for more."""
    st = parts.call_staging
    cut = set(wanted)
    before: tuple[int, int] = (-1, -1)
    parts.forward_nodes = set()
    while before != (len(parts.forward_nodes), len(cut)):
        before = (len(parts.forward_nodes), len(cut))
        parts.forward, _ = st.slice_call(cut, lambda step: has_forward_site(st, step))
        parts.forward_nodes = tainted(st, parts.forward, wanted)
        cut |= field_imports(parts)
    order = definition_order(st)
    parts.cut = sorted(cut, key=lambda name: (order.get(name, 0), name))


def single_candidates(parts: ModelParts) -> list[str]:
    """Names assigned at the top level after the last layer, that do not depend on labels, in source order."""
    st = parts.st
    last = max((s.step.node.lineno for s in st.sites.values() if not metric_site(st, s)), default=0)
    found: list[str] = []
    dependent = {parts.labels} if parts.labels else set()
    for step in walk(st.steps):
        if step.kind != "simple" or not isinstance(step.node, ast.Assign):
            continue
        names = all_definitions(step)
        if set().union(*(st.loads_call(e) for e in header(step))) & dependent:
            dependent |= names
        elif step.node.lineno >= last and len(names) == 1:
            found += [n for n in names if n not in found]
    return [n for n in found if n not in dependent]


def network_in_predictions(parts: ModelParts) -> bool:
    """True when what predictions compute after the forward pass still reads variables of the network."""
    fields = parts.fields.get("infer") or parts.fields.get("eval")
    if "infer" not in parts.call_modes:
        return False
    name = "predictions" if fields is not None and "predictions" in fields.expressions else "loss"
    if fields is None or name not in fields.expressions:
        return False
    st = parts.staging(frozenset({"infer" if parts.fields.get("infer") is fields else "eval"}))
    variables = set(st.variable_names())
    if not variables:
        return False
    needed, _ = slice_steps(
        st.steps, st.loads_call(fields.expressions[name]), st.loads_call, lambda s: False, parts.provided()
    )
    return any(
        isinstance(n, ast.Name) and n.id in variables and isinstance(n.ctx, ast.Load)
        for step in needed
        for expression in header(step)
        for n in descendants(expression)
    )


def has_forward_site(st: Body, step: Step) -> bool:
    """True when the step calls something that owns layers, or, where nothing does, reads a variable."""
    network = [s for s in st.sites.values() if s.own.kind != "variable" and not metric_site(st, s)]
    if network:
        return any(s.step is step and s.own.call not in st.unread for s in network)
    variables = st.variable_names()
    return any(
        isinstance(n, ast.Name) and n.id in variables and isinstance(n.ctx, ast.Load)
        for expression in (header(step) if variables and step.kind == "simple" else ())
        for n in descendants(expression)
    )


def tainted(st: Body, needed: set[Step], wanted: set[str]) -> set[ast.stmt]:
    """Statements of the forward slice whose value comes, at any distance, from a layer, or is a wanted result."""
    found: set[ast.stmt] = set()
    names: set[str] = set()

    def run(steps: list[Step]) -> None:
        for step in steps:
            if step not in needed:
                continue
            if step.kind in ("for", "while"):
                run(step.blocks[0])
            for block in step.blocks:
                run(block)
            reads = set().union(*(st.loads_call(e) for e in header(step))) if header(step) else set()
            if step.kind != "simple":
                continue
            given = bool(all_definitions(step) & wanted)
            if given or has_forward_site(st, step) or reads & names or is_random(st, step):
                found.add(step.node)
                names.update(all_definitions(step))
            else:
                names.difference_update(all_definitions(step))

    run(st.steps)
    return found


def is_random(st: Body, step: Step) -> bool:
    """True when the statement draws random numbers: it must run once per step."""
    for node in descendants(step.node):
        if isinstance(node, ast.Call):
            for value in st.ctx.facts.callees.get(node, []):
                if getattr(value, "name", "").startswith(("tensorflow.random", "tensorflow.truncated_normal")):
                    if not getattr(value, "name", "").endswith("initializer"):
                        return True
    return False


def field_imports(parts: ModelParts) -> set[str]:
    """Names that the fields take from the forward pass."""

    found: set[str] = set()
    for name in ("predictions", "loss", "eval_metric_ops"):
        for mode in sorted(FIELD_MODES[name]):
            fields = parts.fields.get(mode)
            if fields is None or name not in fields.expressions or mode not in parts.call_modes:
                continue
            st = parts.staging(frozenset({mode}))
            provided = parts.provided()
            roots = functools.partial(has_metric_site, st) if name == "eval_metric_ops" else (lambda step: False)
            live: set[str] = set() if name == "eval_metric_ops" else st.loads_call(fields.expressions[name])
            loads = update_loads(st) if name == "eval_metric_ops" else st.loads_call
            slice_steps(st.steps, live, loads, roots, provided)
            check_versions(parts, st, provided)
            found |= provided.keys()
    found |= optimizer.loss_imports(parts)
    return found


def definition_order(st: Body) -> dict[str, int]:
    """Name -> position of its last definition."""
    order: dict[str, int] = {}
    for index, step in enumerate(walk(st.steps)):
        if step.kind == "simple":
            for name in all_definitions(step):
                order[name] = index
    return order


def check_outside(parts: ModelParts, live: set[str]) -> None:
    """Refuse a forward pass that needs labels, or a name that nothing provides."""
    if parts.labels and parts.labels in live:
        raise parts.ctx.refuse(
            "labels-in-forward", parts.node, parts.module, "layers are fed with labels, which `call` does not get"
        )
    left = live - {parts.features}
    if any(parts.roles.get(n) == "mode" for n in left):
        message = "the network reads the mode itself, of which Keras tells only whether it trains"
        raise parts.ctx.refuse("mode-value", parts.node, parts.module, message)
    left = {n for n in left if parts.roles.get(n) != "static"}
    if left:
        raise parts.ctx.refuse(
            "unbound", parts.node, parts.module, f"`{sorted(left)[0]}` is read by the network but not defined there"
        )
