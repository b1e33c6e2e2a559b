"""Functions and classes that own variables become Keras layers: one class per definition."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING, Any

from migrator.analysis.modes import header
from migrator.analysis.values import Function, Scope
from migrator.lower.bodies import (
    built_objects,
    construction_lines,
    continued,
    effects,
    guards,
    method_lines,
    object_methods,
    objects,
    rendering,
    weights,
)
from migrator.lower.bodies.staging import Staging
from migrator.lower.layers import reuse
from migrator.lower.models import metrics, values_method
from migrator.lower.models.metric_loads import update_loads
from migrator.lower.reading.class_lines import (
    def_line,
    docstring,
    documentation,
    enclosing_defaults,
    parameter_attributes,
    parameter_order,
    signature,
)
from migrator.lower.reading.context import Context, class_name
from migrator.lower.reading.definitions import numbers_by_mode, parameter_roles, role
from migrator.lower.reading.owner import Owner
from migrator.lower.reading.owning import makes_only_metrics, owns
from migrator.lower.reading.shadows import local_names
from migrator.lower.reading.slices import kept_name, slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.lower.spec.metric_sites import has_metric_site
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.analysis.modes import Step


def enclosing_names(function: Function) -> set[str]:
    """Names bound in the functions around a definition."""
    names: set[str] = set()
    scope: Scope | None = function.scope
    while scope is not None and scope.parent is not None:
        names |= scope.names.keys()
        scope = scope.parent
    return names


def free_names(node: ast.FunctionDef, function: Function) -> set[str]:
    """Enclosing names that a nested definition reads."""
    read = {n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Load)}

    return (read & enclosing_names(function)) - local_names(node)


def function_owner(ctx: Context, node: ast.FunctionDef, function: Function, cls: ast.ClassDef | None = None) -> Owner:
    """A layer class for a function, method or nested function; `cls` for the constructor of a class.

    What calling a constructor's layer gives is a dictionary of what the object held and others read.
    """
    module = function.scope.module
    held = built_objects.held_by_all(ctx, module, cls, function) if cls is not None else []
    known_early = object_methods.statics(ctx, cls, held) if cls is not None else set()
    held = [attr for attr in held if attr not in known_early]
    roles = parameter_roles(ctx, module, node)
    late = reuse.late_parameters(ctx, node, roles) | numbers_by_mode(ctx, node)
    roles = {p: "call" if p in late else r for p, r in roles.items()}
    self_name = objects.object_name(node, function)
    free = free_names(node, function) - {self_name}
    others = {k: v for k, v in roles.items() if k != self_name}
    whole = continued.constructor(ctx, node) if cls is not None else node
    st = Staging(ctx, module, whole, others, self_name, free=frozenset(free), late=late)
    wanted = class_name(node.name)
    known = cls.name if cls is not None else ctx.shared.names.get(node)
    name = ctx.shared.names[node] = known or ctx.top_level_name(module, wanted, f"{wanted}Layer")
    static = [p for p in parameter_order(node) if roles[p] == "static" and p != self_name]
    tensors = [p for p in parameter_order(node) if roles[p] == "call" and p != self_name]
    owner = Owner(node, cls, module, name, roles, static, tensors, [], [])
    free_roles = {n: role([v for v in [scope_value(function, n)] if v is not None]) for n in sorted(free)}
    needed, live = st.slice_call(
        {kept_name(attr) for attr in held}, lambda s: s.kind == "return" or kept_effect(st, s) or builds(st, s)
    )
    needed, live = only_updates(ctx, st) or (needed, live)
    owner.tensors = [n for n in sorted(live & free) if free_roles[n] == "call"]
    owner.tensors += sorted(n for n in live if n.startswith("self.") and cls is None)
    call_lines = owner_call_lines(ctx, st, needed)
    beside = values_method.values_lines(ctx, st, owner) if makes_only_metrics(ctx, node) else []
    if cls is not None:
        methods = built_objects.used_methods(ctx, module, cls)
        statics = {attr for method in methods for attr in method.statics(ctx)} | known_early
        owner.statics = method_lines.keep_statics(st, statics)
        call_lines = [*rendering.compact(call_lines), *built_objects.returned_lines(st, held)]
        owner.methods = method_lines.named(st, methods)
        call_lines += method_lines.written(st, methods, owner)
    init_lines, start = construction(st, needed)
    objects.check_start(st, start | live)
    check_late(st, start)
    missing = sorted((start | set(st.captured)) & free | set(st.needed_parameters) | self_attributes(st))
    owner.parameter_names = {n: st.parameter(n) for n in (*missing, *owner.tensors) if n.startswith("self.")}
    owner.captured = [
        n for n in missing if free_roles.get(n, "static") == "static" and not is_nested_owner(ctx, function, n)
    ]
    owner.training, owner.flags = st.uses_training, frozenset(st.training_parameters)
    owner.outer_defaults = enclosing_defaults(st)
    owner.creation = weights.creation_tree(st, st.steps)
    if cls is not None and (self_attributes(st) or st.needed_parameters):
        missed = sorted(self_attributes(st) | st.needed_parameters)[0]
        message = f"`{missed}` is read in the constructor, but set elsewhere"
        raise ctx.refuse("object-state", node, module, message)
    if called_by_name(ctx, node):
        body = "\n".join(init_lines)
        owner.init_parameters = [p for p in static if p in st.captured or mentions(body, p)]
    about = documentation(cls) if cls is not None else documentation(node)
    owner.staging = st
    owner.compose = functools.partial(written_class, ctx, st, owner, init_lines, call_lines, about)
    owner.text = owner.compose()
    if makes_only_metrics(ctx, node):
        owner.tell_values = functools.partial(values_method.tell_values, ctx, owner, beside)
    check_live(ctx, st, live - bound_by(st, needed), set(owner.call_parameters) | set(owner.tensors) | set(static))
    return owner


def only_updates(ctx: Context, st: Staging) -> tuple[set[Step], set[str]] | None:
    """Of a function that only makes metrics, the steps that update them and what those read; None for any other."""

    if not makes_only_metrics(ctx, st.node):
        return None
    return slice_steps(st.steps, set(), update_loads(st), lambda step: has_metric_site(st, step))


def called_by_name(ctx: Context, node: ast.FunctionDef) -> bool:
    """True when every call names the function itself: its parameters can change."""
    for frame in ctx.facts.frames.get(node, []):
        func = frame.call.func if frame.call is not None else None
        named = (isinstance(func, ast.Name) and func.id == node.name) or (
            isinstance(func, ast.Attribute) and func.attr == node.name
        )
        if not named:
            return False
    return True


def mentions(text: str, name: str) -> bool:
    """True when source text reads a name."""

    return re.search(rf"(?<![\w.]){re.escape(name)}\b(?!\s*=[^=])", text) is not None


def owner_call_lines(ctx: Context, st: Staging, needed: set[Step]) -> list[str]:
    """The call half of a function; of one that only makes metrics, their updates."""

    if makes_only_metrics(ctx, st.node):
        return metrics.metric_block(ctx, st, st.steps, needed)
    return rendering.call_block(st, st.steps, needed, "        ", lambda s: returned(st, s))


def is_nested_owner(ctx: Context, function: Function, name: str) -> bool:
    """True for an enclosing name that is itself a converted function: its class stands at the top level."""
    value = scope_value(function, name)
    return isinstance(value, Function) and owns(ctx, value.node)


def self_attributes(st: Staging) -> set[str]:
    """The self attributes that the halves read."""
    return {n for n in st.captured if n.startswith("self.")}


def scope_value(function: Function, name: str) -> Any:
    """The value of an enclosing name."""
    scope: Scope | None = function.scope
    while scope is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    return None


def check_live(ctx: Context, st: Staging, live: set[str], known: set[str]) -> None:
    """Refuse when the call half reads a local name that nothing provides, or when `training` would mean two things."""
    if len(st.training_parameters) + (st.training_by_mode and bool(st.training_parameters)) > 1:
        message = f"`{st.node.name}` is told in two ways whether it trains"
        raise ctx.refuse("two-trainings", st.node, st.module, message)
    left = live - known
    if any(st.roles.get(n) == "mode" for n in left):
        message = f"`{sorted(left)[0]}` of `{st.node.name}` does not simply tell training apart in all calls"
        raise ctx.refuse("mode-value", st.node, st.module, message)
    if left:
        raise ctx.refuse(
            "unbound",
            st.node,
            st.module,
            f"`{sorted(left)[0]}` is read where the model is called but not defined there",
        )


def kept_effect(st: Staging, step: Step) -> bool:
    """True for a bare call or assert in the call half that must stay; logging and summaries go, with a finding."""
    node = step.node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value not in st.sites:
        return effects.keeps(st, node.value)
    return False


def builds(st: Staging, step: Step) -> bool:
    """True for a step that calls a layer with weights: they exist from its first call on, whoever reads its result."""
    for site in st.sites.values():
        if site.step is not step or site.shared is not None:
            continue
        weighs = site.own.kind == "layer" and site.own.rule is not None and bool(site.own.rule.weights)
        if weighs or site.own.kind in ("function", "entry", "rnn"):
            return True
    return False


def returned(st: Staging, step: Step) -> list[str]:
    """A return statement of the call half."""
    assert isinstance(step.node, (ast.Return, ast.Raise))
    return rendering.statement(st, step.node, "", st.call_rewrite)


def construction(st: Staging, call_needed: set[Step]) -> tuple[list[str], set[str]]:
    """The lines of the construction half and the names it reads from outside."""
    before = -1
    needed: set[Step] = set()
    live: set[str] = set()
    st.read_at_construction = set()
    while before != len(st.captured):
        # creating may capture nothing more, but rendering the call half after it may: settle both
        before = len(st.captured)
        shown = set(st.shown)
        needed, live = st.slice_static({n for n in st.captured if not n.startswith("self.")})
        st.read_at_construction = static_reads(st, needed)
        construction_lines.static_block(st, st.steps, needed, "        ", 0, call_needed)
        st.shown.clear()
        st.shown.update(shown)
    guards.check_mutations(st, needed)
    lines = construction_lines.static_block(st, st.steps, needed, "        ", 0, call_needed)
    return lines, live


def static_reads(st: Staging, needed: set[Step]) -> set[str]:
    """Local names read by the statements of the construction half."""

    found: set[str] = set()
    for step in needed:
        for expression in header(step):
            found |= st.loads_construction(expression)
    return found


def written_class(
    ctx: Context, st: Staging, owner: Owner, init_lines: list[str], call_lines: list[str], doc: ast.Expr | None
) -> str:
    """The source of a layer class, names kept on the object made plain where they can be."""
    return objects.plain_names(st, layer_class(ctx, st, owner, init_lines, call_lines, doc))


def layer_class(
    ctx: Context, st: Staging, owner: Owner, init_lines: list[str], call_lines: list[str], doc: ast.Expr | None
) -> str:
    """The source of a layer class."""
    module = owner.module
    ctx.use(module, "keras.layers.Layer")
    lines = [f"class {owner.class_name}(keras.layers.Layer):"]
    if doc is not None:
        lines += docstring(st, doc, "    ")
        lines.append("")
    plain = [owner.parameter_names.get(c, c) for c in owner.captured]
    parameters = signature(owner.node, module, owner.init_parameters, st, own=True)
    required = [p for p in parameters if "=" not in p]
    parameters = [
        *required,
        *[c for c in plain if c not in owner.init_parameters],
        *[p for p in parameters if "=" in p],
    ]
    lines += def_line("__init__", ["self", *parameters, "**kwargs"])
    lines.append("        super().__init__(**kwargs)")
    lines += parameter_attributes(st, [*owner.init_parameters, *owner.captured])
    lines += rendering.compact(init_lines)
    lines.append("")
    arguments = [
        "self",
        *signature(owner.node, module, owner.call_parameters, st),
        *[f"{owner.parameter_names.get(t, t)}=None" for t in owner.tensors],
    ]
    takes_nothing = len(arguments) == 1  # Keras calls no layer whose `call` has no argument
    lines += def_line("call", arguments + (["training=None"] if owner.training or takes_nothing else []))
    lines += rendering.compact(call_lines) or ["        pass"]
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------------- classes


def check_late(st: Staging, start: set[str]) -> None:
    """Refuse a parameter that is told with each call, when the layers are made from it."""
    if start & st.late or (st.uses_training and "training" in st.late):
        name = sorted(start & st.late or {"training"})[0]
        message = f"`{name}` configures the network when it is called"
        raise st.ctx.refuse("entry-static", st.node, st.module, message)
