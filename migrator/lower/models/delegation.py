"""A model_fn that only delegates: its builder calls the builder of the function that makes the spec."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.signatures import ESTIMATOR_SPECS
from migrator.analysis.values import Function, Result, options
from migrator.detect.programs import LABELS
from migrator.emit.fragments import call_text
from migrator.lower.bodies import construction_lines, copies, objects, rendering
from migrator.lower.bodies.staging import Staging
from migrator.lower.models.units import LoweredModel
from migrator.lower.reading import class_lines
from migrator.lower.reading.context import Context, class_name, identifier
from migrator.lower.reading.owning import own_call
from migrator.lower.reading.python_calls import python_arguments
from migrator.lower.reading.slices import slice_steps
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts
    from migrator.source.module import Module


def delegate(facts: Facts, node: ast.FunctionDef) -> ast.FunctionDef | None:
    """The function that makes the specs which this model_fn returns, when it is another one."""
    calls = {
        o.call
        for frame in facts.frames.get(node, [])
        for o in (options(frame.returned) if frame.returned is not None else ())
        if isinstance(o, Result) and o.symbol in ESTIMATOR_SPECS
    }
    inside = {id(n) for n in descendants(node)}
    if not calls or any(id(c) in inside for c in calls):
        return None
    for definition in facts.frames:
        if isinstance(definition, ast.FunctionDef):
            nodes = {id(n) for n in descendants(definition)}
            if all(id(c) in nodes for c in calls):
                return definition
    return None


def lower_delegator(ctx: Context, module: Module, node: ast.FunctionDef, target: LoweredModel) -> LoweredModel:
    """The builder of a delegating model_fn. Refuses one that prepares tensors before it delegates."""
    given = class_lines.parameter_order(node)
    known = {"features": "call", **dict.fromkeys(LABELS, "call"), "mode": "mode"}
    this = objects.object_name(node, ctx.facts.frames[node][0].function)
    first = [this] if given[:1] == [this] else []
    given = given[len(first) :]
    roles = {p: known.get(p, "static") for p in given}
    st = Staging(ctx, module, node, roles, this, at_hand=True, is_model=True)
    st.captured = {}
    returns = [s for s in walk(st.steps) if isinstance(s.node, ast.Return)]
    call = returns[0].node.value if len(returns) == 1 and isinstance(returns[0].node, ast.Return) else None
    if not isinstance(call, ast.Call) or not calls_target(ctx, call, target.node):
        raise ctx.refuse(
            "delegation", node, module, "the model_fn does more than call the function that makes the spec"
        )
    arguments = python_arguments(ctx, module, target.node, call)
    for name, argument in arguments.items():
        if name in target.parameters:
            continue
        if not (isinstance(argument, ast.Name) and roles.get(argument.id) in ("call", "mode")):
            raise ctx.refuse("delegation", argument, module, "tensors are prepared before the model_fn delegates")
    calls = [n for s in walk(st.steps) for n in every(s.node, ast.Call)]
    if any(own_call(ctx, n) for n in calls if n is not call):
        raise ctx.refuse("delegation", node, module, "layers are made before the model_fn delegates")
    static = {name: argument for name, argument in arguments.items() if name in target.parameters}
    live = set().union(*(st.loads_static(a) for a in static.values()))
    needed, start = slice_steps(st.steps, live, st.loads_static, lambda step: False)
    for name in sorted(start):
        if roles.get(name) != "static":
            raise ctx.refuse("unbound", node, module, f"`{name}` is not known when the model is built")
    lines = construction_lines.static_block(st, st.steps, needed, "    ", 0, set())
    positional = {id(a) for a in call.args}
    shown: list[str] = []
    leading = True
    for parameter in target.parameters:
        if parameter not in static:
            leading = False
            continue
        value = st.static_text(static[parameter])
        leading = leading and id(static[parameter]) in positional
        shown.append(value if leading else f"{parameter}={value}")
    func = call.func
    if isinstance(func, ast.Attribute):
        builder = f"{module.segment(func.value)}.{target.builder}"
    else:
        builder = target.builder
        if target.module.path != module.path:
            ctx.imports.setdefault(module.path, set()).add(f"{target.module.path}:{target.builder}")
    name = ctx.top_level_name(module, f"build_{identifier(class_name(node.name))}")
    parameters = [p for p in given if roles[p] == "static"]
    text = [*objects.decorators(module, node)]
    text += class_lines.def_line(name, [*first, *class_lines.signature(node, module, parameters, st)], "")
    doc = class_lines.documentation(node)
    text += class_lines.docstring(st, doc, "    ") if doc is not None else []
    text += copies.copy_of_params(ctx, module, lines, "    ")
    text += [*rendering.compact(lines), *rendering.wrapped("    return ", call_text(builder, shown), "")]
    return LoweredModel(
        node,
        module,
        target.class_name,
        name,
        parameters,
        "\n".join(text),
        target.creation,
        top_level=node in module.tree.body,
        signatures=target.signatures,
        export_problem=target.export_problem,
        serves=target.serves,
        optimizers=target.optimizers,
        reads_batch_size=target.reads_batch_size,
    )


def calls_target(ctx: Context, call: ast.Call, target: ast.FunctionDef) -> bool:
    """True when the call surely calls the function."""
    found = [o for v in ctx.facts.callees.get(call, []) for o in options(v)]
    return bool(found) and all(isinstance(o, Function) and o.node is target for o in found)
