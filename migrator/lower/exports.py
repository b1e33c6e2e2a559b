"""Serving exports: export_savedmodel becomes an ExportArchive with the legacy signature."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Mapping, Result, Value
from migrator.emit.fragments import call_text

if TYPE_CHECKING:
    from migrator.detect.programs import Use
    from migrator.lower.context import Context
    from migrator.lower.groups import Group, Render
    from migrator.lower.model import ModelParts

RAW = "tensorflow.estimator.export.build_raw_serving_input_receiver_fn"
PREDICT = "tensorflow.estimator.export.PredictOutput"
PLACEHOLDERS = frozenset({"tensorflow.placeholder", "tensorflow.compat.v1.placeholder"})


def export_text(group: Group, use: Use, receiver: str, arguments: dict[str, ast.expr], render: Render) -> str:
    """The call that writes a SavedModel. Refuses receivers that cannot be followed."""
    from migrator.lower.training import refuse_others

    ctx, module, call = group.ctx, use.module, use.call
    refuse_others(group, module, call, arguments, {"export_dir_base", "serving_input_receiver_fn"})
    node = arguments.get("serving_input_receiver_fn")
    value = ctx.facts.value(node) if node is not None else None
    features = raw_features(value)
    if not isinstance(value, Result) or features is None:
        raise ctx.refuse("export", call, module, "what the exported model is fed with cannot be followed")
    if value.module.path != module.path:
        raise ctx.refuse("export", call, module, "the serving receiver is made in another file")
    shown = [receiver, render(arguments["export_dir_base"]), render(value.call.args[0])]
    names = {name for made in use.estimators for name in signature_names(group, made)}
    if len(names) != 1:
        raise ctx.refuse("export", call, module, "several signatures are exported")
    name = names.pop()
    if name != "serving_default":
        shown.append(f"signature={name!r}")
    return ctx.use(module, call_text("support.export_saved_model", shown))


def raw_features(value: Value | None) -> Mapping | None:
    """The features of a raw serving receiver, when they are a dict in sight."""
    if isinstance(value, Result) and value.symbol == RAW and value.call.args:
        features = value.bound.get("features")
        return features if isinstance(features, Mapping) and not features.open else None
    return None


def signature_names(group: Group, construction: ast.Call) -> set[str]:
    """The signature names of the model that an Estimator construction makes."""
    found: set[str] = set()
    for node in group.constructions[construction].model_fns:
        found |= set(group.models[node].signatures)
    return found


def placeholder_specs(ctx: Context) -> set[ast.Call]:
    """Placeholder calls that only describe the features of a raw serving receiver."""
    found: set[ast.Call] = set()
    for values in ctx.facts.values.values():
        for value in values.values():
            features = raw_features(value)
            for item in features.items.values() if features is not None else ():
                if isinstance(item, Result) and item.symbol in PLACEHOLDERS:
                    found.add(item.call)
    return found


def spec_text(call: ast.Call, render: Render) -> str:
    """`tf.TensorSpec` for a placeholder."""
    given = dict(zip(("dtype", "shape", "name"), call.args, strict=False))
    given.update({k.arg: k.value for k in call.keywords if k.arg})
    shape = render(given["shape"]) if "shape" in given else "None"
    rest = [f"name={render(given['name'])}"] if "name" in given else []
    return call_text("tf.TensorSpec", [shape, render(given["dtype"]), *rest])


def exported_signatures(parts: ModelParts) -> list[str]:
    """The names under which the model_fn exports its predictions. Outputs other than the predictions refuse."""
    fields = parts.fields.get("infer")
    if fields is None or "export_outputs" not in fields.expressions:
        return ["serving_default"]
    value = fields.values["export_outputs"]
    node = fields.expressions["export_outputs"]
    if not isinstance(value, Mapping) or value.open:
        raise parts.ctx.refuse("export-outputs", node, parts.module, "the export outputs cannot be followed")
    names: list[str] = []
    for name, output in value.items.items():
        if not isinstance(output, Result) or output.symbol != PREDICT or not same_as_predictions(parts, output):
            raise parts.ctx.refuse(
                "export-outputs", node, parts.module, f"the export output {name!r} is not the predictions"
            )
        names.append(str(name))
    return names


def same_as_predictions(parts: ModelParts, output: Result) -> bool:
    """True when an export output is the very expression of the predictions."""
    predictions = parts.fields["infer"].expressions.get("predictions")
    given = output.call.args[0] if output.call.args else next((k.value for k in output.call.keywords), None)
    if predictions is None or given is None:
        return False
    return ast.dump(given) == ast.dump(predictions)


__all__ = ["Const", "export_text", "exported_signatures"]
