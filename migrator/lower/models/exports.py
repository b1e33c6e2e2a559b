"""What a model_fn exports: the signatures of its export outputs, and the method that computes those of their own."""

from __future__ import annotations

import ast
from collections.abc import Mapping as MappingOf
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Mapping, Result, options
from migrator.lower.bodies import rendering
from migrator.lower.models import prediction_inputs
from migrator.lower.models.model_parts import bind_outputs, check_versions, known
from migrator.lower.reading import class_lines
from migrator.lower.reading.context import Refused
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import descendants, is_none_literal

if TYPE_CHECKING:
    from migrator.analysis.facts import Refusal
    from migrator.lower.models.model_parts import ModelParts

PREDICT = "tensorflow.estimator.export.PredictOutput"
# TensorFlow 1 leaves these out of an export whose receiver is anything else than one tensor of texts; what they are
# given is served under these keys
OF_TEXTS = {
    "tensorflow.estimator.export.ClassificationOutput": {"scores": "scores", "classes": "classes"},
    "tensorflow.estimator.export.RegressionOutput": {"value": "outputs"},
}
INFER = frozenset({"infer"})


def signatures_or_problem(parts: ModelParts) -> tuple[tuple[str, ...], Refusal | None, list[str]]:
    """(the signatures, why they cannot be told, `serve` where they are not the predictions under one name for all).

    A problem stops a program only where it exports the model.
    """
    try:
        found, lines = exported(parts), []
        own = parts.ctx.exports_one_of and list(found) != ["serving_default"]
        if parts.ctx.exports and (own or len(found) > 1 or not all(found.values())):
            lines = serve_method(parts, "serve", "What the exported model answers, by signature.", outputs(parts))
        if parts.ctx.receives_texts and serves_texts(parts):
            doc = "What it answers besides where it receives one tensor of texts."
            lines += serve_method(parts, "serve_texts", doc, outputs_of_texts(parts))
            message = "signatures of classes and values answer Predict calls; Keras cannot mark them for Classify calls"
            parts.ctx.note("export-outputs", "info", parts.module, parts.node, message)
        return tuple(found), None, lines
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


def outputs_of_texts(parts: ModelParts) -> dict[str, Result]:
    """The outputs of the PREDICT spec that are served where one tensor of texts is received."""
    return {name: output for name, output in all_outputs(parts).items() if output.symbol in OF_TEXTS}


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
        return bool(outputs_of_texts(parts))
    except Refused:
        return False  # which is the problem of every export


def given_outputs(output: Result) -> ast.expr | None:
    """What a PredictOutput is made of, as written."""
    return output.call.args[0] if output.call.args else next((k.value for k in output.call.keywords), None)


def served(output: Result) -> list[tuple[str, ast.expr]]:
    """(key, expression) of what an output is made of; the key of a PredictOutput is empty."""
    keys = OF_TEXTS.get(output.symbol)
    if keys is None:
        given = given_outputs(output)
        return [("", given)] if given is not None else []
    bound = dict(zip(keys, output.call.args, strict=False))
    bound.update((k.arg, k.value) for k in output.call.keywords if k.arg)
    return [(keys[name], node) for name, node in bound.items() if name in keys and not is_none_literal(node)]


def same_as_predictions(parts: ModelParts, output: Result) -> bool:
    """True when an export output is the very expression of the predictions."""
    predictions = parts.fields["infer"].expressions.get("predictions")
    given = given_outputs(output)
    if predictions is None or given is None:
        return False
    return ast.dump(given) == ast.dump(predictions)


def serve_method(parts: ModelParts, method: str, documentation: str, wanted: MappingOf[str, Result]) -> list[str]:
    """A method that computes what an exported model answers, by signature."""

    ctx = parts.ctx
    st = parts.staging(INFER)
    st.begin_method()
    inside = set(descendants(parts.node))
    shown: list[tuple[str, list[tuple[str, ast.expr]], bool]] = []
    for name, output in wanted.items():
        pieces = served(output)
        whole = pieces[0][1] if len(pieces) == 1 and not pieces[0][0] else None
        if not pieces or any(given not in inside for _, given in pieces) or "infer" not in parts.call_modes:
            raise ctx.refuse("export-outputs", output.call, parts.module, f"{name!r} cannot be followed")
        read = set().union(*(st.loads_call(given) for _, given in pieces))
        late = [s for s in walk(st.steps) if s.node.lineno > output.call.lineno and all_definitions(s) & read]
        if late:
            raise ctx.refuse("export-outputs", late[0].node, parts.module, f"{name!r} is made of what changes later")
        value = ctx.facts.value(whole, "infer") if whole is not None else None
        kinds = {isinstance(o, Mapping) for o in options(value)} if value is not None else {False}
        if len(kinds) != 1:
            raise ctx.refuse("export-outputs", output.call, parts.module, f"{name!r} may be a dictionary or a tensor")
        shown.append((name, pieces, kinds.pop()))
    live = set().union(*(st.loads_call(given) for _, pieces, _ in shown for _, given in pieces))
    provided = parts.provided()
    needed, start = slice_steps(st.steps, live, st.loads_call, lambda step: False, provided)
    check_versions(parts, st, provided)
    lines = rendering.call_block(st, st.steps, needed, "        ", lambda step: [])
    known(parts, start - bound_by(st, needed), {parts.features}, "the export outputs")
    head = class_lines.def_line(method, ["self", "data"])
    head.append(f'        """{documentation}"""')
    unpack = ctx.use(parts.module, "keras.utils.unpack_x_y_sample_weight")
    head.append(f"        {parts.features}, _, _ = {unpack}(data)")
    head += prediction_inputs.call_lines(parts)
    if provided:
        source = parts.cut[0] if len(parts.cut) == 1 else "outputs"
        head.append(f"        {source} = self({parts.features}{', training=False' if parts.training else ''})")
        head += bind_outputs(parts, set(provided), "outputs") if len(parts.cut) != 1 else []
    body = [*rendering.compact(lines), "        return {"]
    for name, pieces, named in shown:
        texts = [f"{key or 'output'!r}: {st.call_text(given)}" for key, given in pieces]
        text = st.call_text(pieces[0][1]) if named else f"{{{', '.join(texts)}}}"
        body += rendering.wrapped(f"            {name!r}: ", text, ",")
    return [*head, *body, "        }"]
