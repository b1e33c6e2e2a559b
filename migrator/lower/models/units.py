"""One model_fn as a whole: the model class, its builder, the layers it needed, the weight map."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING, Any

from migrator.analysis.values import Mapping, options
from migrator.detect.programs import LABELS
from migrator.lower.bodies import objects, optimizer_classes, rendering
from migrator.lower.bodies.copies import check_settled, copy_of_params, with_copies, with_own_params
from migrator.lower.bodies.staging import Staging
from migrator.lower.library import optimizer_calls, text_guards
from migrator.lower.models import (
    exports,
    forward,
    losses,
    metric_results,
    metrics,
    model,
    model_guards,
    model_parts,
    optimizer,
    prediction_inputs,
    several,
    spec_fields,
    step_counts,
    warm_starts,
)
from migrator.lower.models.model_parts import ModelParts
from migrator.lower.reading import class_lines, mode_state
from migrator.lower.reading.context import Context, class_name, fresh, identifier
from migrator.lower.reading.definitions import parameter_roles
from migrator.lower.reading.owner import Owner
from migrator.lower.spec import hooks, tpu_specs
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Refusal
    from migrator.source.module import Module


@dataclasses.dataclass(frozen=True, eq=False)
class LoweredModel:
    """What a model_fn became. `builder` takes the static parameters and returns the compiled model."""

    node: ast.FunctionDef
    module: Module
    class_name: str
    builder: str
    parameters: list[str]
    text: str
    creation: list[dict[str, Any]]
    top_level: bool = True
    signatures: tuple[str, ...] = ("serving_default",)
    optimizers: int = 1
    reads_batch_size: bool = False  # from its params
    method: str = ""  # the builder apart, where it is a method of the class that the model_fn was
    named_predictions: bool = True  # they surely are a dictionary
    serves: bool = False  # it computes what it exports by itself
    own_inputs: bool = False  # its predictions are given other features than its training
    export_problem: Refusal | None = None  # why its export outputs cannot be served; nobody else asks for them


def lower_model_fn(ctx: Context, module: Module, node: ast.FunctionDef) -> LoweredModel:
    """The model class and its builder. Raises Refused with the reason when something cannot be exact."""
    roles = parameter_roles(ctx, module, node)
    given = set(class_lines.parameter_order(node))
    labels = next((name for name in LABELS if name in given), "")
    roles.update({n: r for n, r in (("features", "call"), (labels, "call"), ("mode", "mode")) if n in given})
    model_guards.check_mode_keys(ctx, module)
    model_guards.check_names_by_mode(ctx, module)
    fields = spec_fields.spec_fields(ctx, module, node)
    if not fields:
        raise ctx.refuse("spec", node, module, "no EstimatorSpec is returned")
    inside = {id(n) for n in descendants(node)}
    for field in fields.values():
        if id(field.call) not in inside:
            raise ctx.refuse("delegation", node, module, "the EstimatorSpec is made in another function")
    ctx.sparse_gradients = optimizer_calls.has_sparse_gradients(ctx)
    this = objects.object_name(node, ctx.facts.frames[node][0].function)
    roles.pop(this, None)
    modes = spec_fields.working_modes(ctx, module, node)
    st = Staging(ctx, module, node, roles, this, modes=modes, is_model=True)
    parts = ModelParts(ctx, module, node, roles, "features" if "features" in roles else "", labels, fields, st)
    parts.call_modes = st.modes
    if not parts.features:
        message = "it makes a spec, but has no `features` parameter: write it out in the model_fn that calls it"
        raise ctx.refuse("signature", node, module, message)
    ctx.regularised = losses.adds_regularization(parts)
    unsupported(parts)
    prediction_inputs.take_out(parts)
    model_guards.check_model(parts)
    metrics.name_metrics(parts)
    forward.find_forward(parts)
    model_guards.note_dropped(parts)
    return assemble(parts)


UNSUPPORTED = {
    "training_hooks": "hooks run session code during training",
    "training_chief_hooks": "hooks run session code during training",
    "evaluation_hooks": "hooks run session code during evaluation",
    "prediction_hooks": "hooks run session code during prediction",
    "host_call": "a host_call runs beside the TPU program",
}


def unsupported(parts: ModelParts) -> None:
    """Refuse spec fields that have no counterpart yet."""
    for fields in parts.fields.values():
        for name in ("scaffold", "scaffold_fn"):
            if name in fields.expressions:
                warm_starts.check_scaffold(parts, fields, name)
        for name, reason in UNSUPPORTED.items():
            if name in fields.expressions:
                if name.endswith("_hooks") and hooks.all_passive(parts.ctx, parts.module, fields.expressions[name]):
                    continue
                call = fields.call
                if name == "host_call" and isinstance(call, ast.Call) and tpu_specs.only_summarises(parts.ctx, call):
                    message = "the host_call goes: it only writes summaries; keras.callbacks.TensorBoard has losses"
                    parts.ctx.note("host-call", "info", parts.module, fields.expressions[name], message)
                    continue
                raise parts.ctx.refuse(f"spec-{name.replace('_', '-')}", fields.expressions[name], parts.module, reason)


def assemble(parts: ModelParts) -> LoweredModel:
    """The source of class and builder."""
    ctx, module, node = parts.ctx, parts.module, parts.node
    call = model.call_method(parts)
    inputs = prediction_inputs.method(parts)
    predict = model.predict_method(parts)
    loss_argument = losses.compile_loss(parts)
    loss_method = None if loss_argument is not None else losses.loss_method(parts)
    metric_arguments = metrics.compile_metrics(parts)
    metric_creation: list[str] = []
    metric_method: list[str] = []
    if metric_arguments is None:
        metric_creation, metric_method = metrics.metrics_method(parts)
    result_method = metric_results.results_method(parts)
    signatures, problem, serve = exports.signatures_or_problem(parts)
    begin = warm_starts.begin_method(parts)
    names = warm_starts.tell_names(parts)
    init = with_own_params(ctx, module, model.init_method(parts))
    called = owner_name(ctx, node) if node.name == "__call__" else node.name
    name = ctx.top_level_name(module, class_name(called), f"{class_name(called)}Model")
    builder = ctx.top_level_name(module, f"build_{identifier(name)}")
    lines = [f"class {name}({ctx.use(module, 'support.EstimatorModel')}):"]
    doc = class_lines.documentation(node)
    if doc is not None:
        lines += [*class_lines.docstring(parts.st, doc, "    "), ""]
    lines += [*init, *metric_creation, "", *with_copies(ctx.facts, call)]
    step = several.train_step(parts)
    for part in (metric_creation, call, loss_method, metric_method, result_method, step, inputs, predict, serve, begin):
        check_settled(ctx, module, part or [])
    text_guards.check_schedules(ctx, module, node, lines)
    fit = step_counts.fit_method(optimizer.plan(parts))
    for method in (loss_method, metric_method, result_method, step, fit, inputs, predict, serve, begin, names):
        if method:
            lines += ["", *with_copies(ctx.facts, method)]
    read = {n.id for n in every(node, ast.Name)}
    statics = [p for p in class_lines.parameter_order(node) if parts.roles.get(p) == "static"]
    statics = [p for p in statics if p != "config" or p in read]  # nothing is given as the RunConfig
    made = builder_text(parts, name, builder, statics, loss_argument, metric_arguments)
    text = objects.plain_names(parts.st, "\n".join(lines) + "\n\n\n" + made)
    apart = objects.is_method(module, node)
    text, made = text.rsplit("\n\n\n", 1) if apart else (text, "")
    mode_state.check_told(ctx, module)
    for written in (text, made):
        text_guards.check_leftovers(ctx, module, node, written)
    for owner in ctx.owners.values():
        if isinstance(owner, Owner):
            text_guards.check_leftovers(ctx, owner.module, owner.node, owner.text)
    top_level = node in module.tree.body
    count = len(optimizer.plan(parts))
    reads = tpu_specs.reads_batch_size(ctx)
    tree = model.creation(parts)
    made_names = named(parts)
    return LoweredModel(
        node,
        module,
        name,
        builder,
        statics,
        text,
        tree,
        top_level=top_level,
        signatures=signatures,
        optimizers=count,
        reads_batch_size=reads,
        method=made,
        named_predictions=made_names,
        own_inputs=parts.prediction_branch is not None,
        export_problem=problem,
        serves=any(line.lstrip().startswith("def serve(") for line in serve),
    )


def owner_name(ctx: Context, node: ast.FunctionDef) -> str:
    """The name of the class whose method a model_fn is; else its own."""
    function = ctx.facts.frames[node][0].function
    return function.owner.node.name if function is not None and function.owner is not None else node.name


def named(parts: ModelParts) -> bool:
    """True when the predictions surely are a dictionary."""
    fields = parts.fields.get("infer")
    value = fields.values.get("predictions") if fields is not None else None
    return value is not None and all(isinstance(o, Mapping) for o in options(value))


def builder_text(
    parts: ModelParts,
    name: str,
    builder: str,
    statics: list[str],
    loss: str | None,
    metric_arguments: list[str] | None,
) -> str:
    """The function that makes and compiles the model."""
    ops = optimizer.plan(parts)
    lines: list[str] = []
    arguments: list[str] = []
    attributes: list[str] = []
    if len(ops) > 1:
        arguments, lines, attributes = several.compiled(parts, ops)
    elif ops:
        prepare, text = optimizer.optimizer_lines(parts, ops[0])
        lines += prepare
        if optimizer_classes.asks_names(parts.ctx):
            holder = fresh("optimizer", set(statics))
            lines += rendering.wrapped(f"    {holder} = ", text, "")
            attributes.append(f"    {holder}.name_of = {parts.ctx.use(parts.module, 'support.legacy_name_of(model)')}")
            text = holder
        elif "\n" in text:  # an argument of several lines reads badly
            holder = fresh("optimizer", set(statics))
            lines += rendering.wrapped(f"    {holder} = ", text, "")
            text = holder
        arguments.append(f"optimizer={text}")
        if not ops[0].counts:
            parts.ctx.note(
                "global-step",
                "warning",
                parts.module,
                ops[0].call,
                "the legacy train_op did not increment the global step; optimizer.iterations does",
            )
    if loss is not None:
        arguments.append(f"loss={loss}")
    if metric_arguments:
        arguments.append(f"metrics=[{', '.join(metric_arguments)}]")
    signature = class_lines.signature(parts.node, parts.module, statics, parts.st)
    head = [*objects.decorators(parts.module, parts.node)]
    head += class_lines.def_line(builder, [*model_parts.first_parameter(parts), *signature], "")
    own = copy_of_params(parts.ctx, parts.module, lines, "    ")
    model_line = f"    model = {name}({', '.join(parts.model_parameters)})"
    body = [model_line, *own, *lines, *attributes] if own else [*lines, model_line, *attributes]
    body += rendering.wrapped("    ", f"model.compile({', '.join(arguments)})", "") if arguments else []
    doc = '    """Returns the compiled model."""'
    return "\n".join([*head, doc, *body, "    return model"])
