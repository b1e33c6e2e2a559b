"""Writes the methods of an object whose constructor builds the network into the layer that the object became."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.emit.fragments import call_text
from migrator.lower.bodies import effects, rendering
from migrator.lower.bodies.object_methods import Method, call_arguments
from migrator.lower.bodies.staging import Staging
from migrator.lower.reading.class_lines import def_line, docstring, documentation, parameter_order, signature
from migrator.lower.reading.context import RESERVED, fresh
from migrator.lower.reading.shadows import local_names
from migrator.lower.reading.slices import defined_by, kept_name
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.owner import Owner

OUTPUTS = "outputs"  # what a method calls the result of `call`
OF_MODELS = frozenset({"loss", "predict", "evaluate", "results"})  # names that a layer may have, and no model


def named(st: Staging, methods: list[Method]) -> dict[ast.FunctionDef, str]:
    """Method -> its name in the layer, where an attribute or Keras may have the plain one."""
    found: dict[ast.FunctionDef, str] = {}
    for method in methods:
        plain = method.node.name.lstrip("_")
        free = plain not in RESERVED - OF_MODELS and plain not in st.taken - OF_MODELS
        found[method.node] = plain if free else fresh(f"compute_{plain}", st.taken)
        st.taken.add(plain)
    return found


def keep_statics(st: Staging, attributes: Iterable[str]) -> dict[str, str]:
    """Have the layer keep what is read of its construction: attribute -> its name there. Refuses what is set twice."""
    found: dict[str, str] = {}
    for attr in sorted(attributes):
        changing = [s for s in walk(st.steps) if kept_name(attr) in defined_by(s)[0]]
        once = len(changing) == 1 and changing[0] in st.steps and changing[0].kind == "simple"
        if attr not in st.kept or not once or changing[0].node in {s.step.node for s in st.sites.values()}:
            message = f"`{attr}` is read, but not set once in the constructor"
            raise st.ctx.refuse("owning-init", st.node, st.module, message)
        given = parameter_kept(st, changing[0].node)
        if given:
            found[attr] = st.capture(given)
            continue
        plain = attr.lstrip("_")
        wanted = f"{plain}_" if plain in RESERVED - OF_MODELS else plain
        kept = kept_name(attr)
        if kept not in st.captured:
            st.captured[kept] = fresh(wanted, st.taken)
        found[attr] = st.captured[kept]
    return found


def parameter_kept(st: Staging, node: ast.stmt) -> str:
    """The parameter of `self.x = x`, where that name has no other value; "" for anything else."""
    value = node.value if isinstance(node, ast.Assign) else None
    if not isinstance(value, ast.Name) or st.roles.get(value.id) != "static" or value.id in st.late:
        return ""
    stores = [n for n in every(st.node, ast.Name) if not isinstance(n.ctx, ast.Load)]
    return value.id if all(n.id != value.id for n in stores) else ""


def written(st: Staging, methods: list[Method], owner: Owner) -> list[str]:
    """The lines of the methods, each behind a blank line."""
    found: list[str] = []
    for method in methods:
        found += ["", *method_lines(st, method, owner)]
    return found


def method_lines(layer: Staging, method: Method, owner: Owner) -> list[str]:
    """One method: it takes what `call` gave beside its own parameters."""
    ctx, node, names = layer.ctx, method.node, owner.methods
    parameters = parameter_order(node)[1:]
    late = frozenset(local_names(node))
    st = Staging(ctx, layer.module, node, dict.fromkeys(parameters, "call"), "self", late=late)
    outputs = fresh(OUTPUTS, {*st.locals, *names.values()})
    tensors = method.tensors(ctx)
    for read, attr in method.attributes.items():
        st.substituted[read] = f"{outputs}['{attr}']" if attr in tensors else f"self.{owner.statics[attr]}"
    calls = {n.func: n for n in every(node, ast.Call)}
    within = {func: len(descendants(call)) for func, call in calls.items()}
    for read in sorted(method.others, key=lambda n: within.get(n, 0)):  # inner calls first
        call = calls.get(read)
        given = call_arguments(st, call) if call is not None else []
        st.substituted[call or read] = call_text(f"self.{names[method.others[read]]}", [outputs, *given])
    needed, live = st.slice_call(set(), lambda s: s.kind == "return" or keeps(st, s))
    lines = rendering.compact(rendering.call_block(st, st.steps, needed, "        ", lambda s: returned(st, s)))
    read_outside = {name for name in live - bound_by(st, needed) - set(parameters) if not name.startswith("self.")}
    if st.uses_training or st.captured or read_outside or not lines:
        message = f"`{node.name}` of an object whose constructor builds the network is not followed"
        raise ctx.refuse("owning-init", node, layer.module, message)
    head = def_line(names[node], ["self", outputs, *signature(node, layer.module, parameters, st)])
    doc = documentation(node)
    return [*head, *(docstring(st, doc, "        ") if doc is not None else []), *lines]


def keeps(st: Staging, step: Step) -> bool:
    """True for a bare call that must stay; logging and summaries go, with a finding."""
    node = step.node
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and effects.keeps(st, node.value)


def returned(st: Staging, step: Step) -> list[str]:
    """A return or raise of a method."""
    return rendering.statement(st, step.node, "", st.call_rewrite)
