"""What a model_fn exports: the signatures of its export outputs, and the method that computes those of their own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Mapping, Result, options
from migrator.lower.bodies import rendering
from migrator.lower.models.model_parts import bind_outputs, check_versions, known
from migrator.lower.reading import class_lines
from migrator.lower.reading.context import Refused
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.analysis.facts import Refusal
    from migrator.lower.models.model_parts import ModelParts

PREDICT = "tensorflow.estimator.export.PredictOutput"
# TensorFlow 1 leaves these out of an export whose receiver is anything else than one tensor of texts
OF_TEXTS = frozenset(f"tensorflow.estimator.export.{kind}Output" for kind in ("Classification", "Regression"))
INFER = frozenset({"infer"})


def signatures_or_problem(parts: ModelParts) -> tuple[tuple[str, ...], Refusal | None, list[str]]:
    """(the signatures, why they cannot be told, `serve` where they are not the predictions alone).

    A problem stops a program only where it exports the model.
    """
    try:
        found = exported(parts)
        if all(found.values()):
            return tuple(found), None, []
        return tuple(found), None, serve_method(parts) if parts.ctx.exports else []
    except Refused as refused:
        node = parts.fields["infer"].expressions["export_outputs"]
        message = f"{refused.refusal.message}; they go, for nothing here exports the model"
        parts.ctx.note("export-outputs", "info", parts.module, node, message)
        return (), refused.refusal, []


def exported(parts: ModelParts) -> dict[str, bool]:
    """Signature name -> whether it is the predictions themselves. Outputs other than PredictOutput refuse."""
    return {name: same_as_predictions(parts, output) for name, output in outputs(parts).items()} or {
        "serving_default": True
    }


def outputs(parts: ModelParts) -> dict[str, Result]:
    """The PredictOutputs of the PREDICT spec by signature name; none where the predictions are exported as they are."""
    given = all_outputs(parts)
    found = {name: output for name, output in given.items() if output.symbol == PREDICT}
    if given and not found:
        node = parts.fields["infer"].expressions["export_outputs"]
        message = "all export outputs are made of serialised examples"
        raise parts.ctx.refuse("export-outputs", node, parts.module, message)
    return found


def all_outputs(parts: ModelParts) -> dict[str, Result]:
    """The export outputs of the PREDICT spec by signature name. Refuses what cannot be followed."""
    fields = parts.fields.get("infer")
    if fields is None or "export_outputs" not in fields.expressions:
        return {}
    value = fields.values["export_outputs"]
    node = fields.expressions["export_outputs"]
    if not isinstance(value, Mapping) or value.open:
        raise parts.ctx.refuse("export-outputs", node, parts.module, "the export outputs cannot be followed")
    found: dict[str, Result] = {}
    for name, output in value.items.items():
        if not isinstance(output, Result) or output.symbol not in (PREDICT, *OF_TEXTS) or output.part:
            raise parts.ctx.refuse(
                "export-outputs", node, parts.module, f"the export output {name!r} is not a PredictOutput"
            )
        found[str(name)] = output
    return found


def serves_texts(parts: ModelParts) -> bool:
    """True for a model that has further signatures where it receives one tensor of texts."""
    try:
        return any(output.symbol in OF_TEXTS for output in all_outputs(parts).values())
    except Refused:
        return False  # which is the problem of every export


def given_outputs(output: Result) -> ast.expr | None:
    """What a PredictOutput is made of, as written."""
    return output.call.args[0] if output.call.args else next((k.value for k in output.call.keywords), None)


def same_as_predictions(parts: ModelParts, output: Result) -> bool:
    """True when an export output is the very expression of the predictions."""
    predictions = parts.fields["infer"].expressions.get("predictions")
    given = given_outputs(output)
    if predictions is None or given is None:
        return False
    return ast.dump(given) == ast.dump(predictions)


def serve_method(parts: ModelParts) -> list[str]:
    """`serve`, which computes what an exported model answers, by signature."""

    ctx = parts.ctx
    st = parts.staging(INFER)
    st.begin_method()
    inside = set(descendants(parts.node))
    shown: list[tuple[str, ast.expr, bool]] = []
    for name, output in outputs(parts).items():
        given = given_outputs(output)
        if given is None or given not in inside or "infer" not in parts.call_modes:
            raise ctx.refuse("export-outputs", output.call, parts.module, f"{name!r} cannot be followed")
        read = st.loads_call(given)
        late = [s for s in walk(st.steps) if s.node.lineno > output.call.lineno and all_definitions(s) & read]
        if late:
            raise ctx.refuse("export-outputs", late[0].node, parts.module, f"{name!r} is made of what changes later")
        value = ctx.facts.value(given, "infer")
        kinds = {isinstance(o, Mapping) for o in options(value)} if value is not None else {False}
        if len(kinds) != 1:
            raise ctx.refuse("export-outputs", given, parts.module, f"{name!r} may be a dictionary or a tensor")
        shown.append((name, given, kinds.pop()))
    live = set().union(*(st.loads_call(given) for _, given, _ in shown))
    provided = parts.provided()
    needed, start = slice_steps(st.steps, live, st.loads_call, lambda step: False, provided)
    check_versions(parts, st, provided)
    lines = rendering.call_block(st, st.steps, needed, "        ", lambda step: [])
    known(parts, start - bound_by(st, needed), {parts.features}, "the export outputs")
    head = class_lines.def_line("serve", ["self", "data"])
    head.append('        """What the exported model answers, by signature."""')
    unpack = ctx.use(parts.module, "keras.utils.unpack_x_y_sample_weight")
    head.append(f"        {parts.features}, _, _ = {unpack}(data)")
    if provided:
        source = parts.cut[0] if len(parts.cut) == 1 else "outputs"
        head.append(f"        {source} = self({parts.features}{', training=False' if parts.training else ''})")
        head += bind_outputs(parts, set(provided), "outputs") if source == "outputs" else []
    body = [*rendering.compact(lines), "        return {"]
    for name, given, named in shown:
        text = st.call_text(given) if named else f"{{'output': {st.call_text(given)}}}"
        body += rendering.wrapped(f"            {name!r}: ", text, ",")
    return [*head, *body, "        }"]
