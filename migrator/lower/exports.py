"""What a model_fn exports: the signatures of its export outputs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.facts import Refusal
from migrator.analysis.values import Mapping, Result
from migrator.lower.context import Refused

if TYPE_CHECKING:
    from migrator.lower.model import ModelParts

PREDICT = "tensorflow.estimator.export.PredictOutput"


def signatures_or_problem(parts: ModelParts) -> tuple[tuple[str, ...], Refusal | None]:
    """The signatures, or why they cannot be told: that stops a program only where it exports the model."""
    try:
        return tuple(exported_signatures(parts)), None
    except Refused as refused:
        node = parts.fields["infer"].expressions["export_outputs"]
        message = f"{refused.refusal.message}; they go, for nothing here exports the model"
        parts.ctx.note("export-outputs", "info", parts.module, node, message)
        return (), refused.refusal


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
