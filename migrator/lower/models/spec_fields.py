"""The EstimatorSpec that a model_fn returns in each mode, field by field."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL
from migrator.analysis.signatures import ESTIMATOR_SPECS
from migrator.analysis.values import Const, Opaque, Result, Sequence, Value, is_none, options
from migrator.lower.models.model_parts import Fields
from migrator.lower.spec import tpu_specs, twin_specs
from migrator.rulebook import parameters
from migrator.source.syntax import every, is_none_literal

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def spec_fields(ctx: Context, module: Module, node: ast.FunctionDef) -> dict[str, Fields]:
    """The spec that the model_fn returns in each mode. Several, none, or one made elsewhere refuse."""
    found: dict[str, Fields] = {}
    for frame in ctx.facts.frames.get(node, []):
        if frame.returned is None:
            continue
        returned = given_back(frame.returned)
        if not returned and frame.mode != "infer":
            continue
        specs = [o for o in returned if isinstance(o, Result) and o.symbol in ESTIMATOR_SPECS]
        twin = twin_specs.chosen(ctx, module, specs, frame.mode) if len(specs) == len(returned) else None
        if twin is not None:
            left = {spec.call for spec in specs} - {twin.call}
            message = "this spec is left out: the one beside it computes the same, and is converted"
            ctx.note("twin-specs", "info", module, min(left, key=lambda call: call.lineno), message)
            ctx.twins |= left
            specs, returned = [twin], (twin,)
        three = returned_tuple(ctx, node, frame.mode, returned)
        if three is not None:
            found[frame.mode] = three
            continue
        if len({s.call for s in specs}) != 1 or len(specs) != len(returned):
            if frame.mode == "infer" and not specs:
                continue
            raise ctx.refuse("spec", node, module, f"{several_specs(returned)} in mode {frame.mode!r}")
        spec = specs[0]
        names = parameters(ESTIMATOR_SPECS[spec.symbol]).positional
        expressions = dict(zip(names, spec.call.args, strict=False))
        for keyword in spec.call.keywords:
            if keyword.arg is None:
                raise ctx.refuse("spec", spec.call, module, "the spec's fields are passed with **")
            expressions[keyword.arg] = keyword.value
        absent = {k for k, v in spec.bound.items() if is_none(v) is True}
        expressions = {k: e for k, e in expressions.items() if not is_none_literal(e) and k not in absent}
        found[frame.mode] = Fields(spec.call, expressions, spec.bound)
        given = expressions.pop("eval_metrics", None)
        if given is not None and frame.mode == "eval":
            made = tpu_specs.applied_metrics(ctx, module, node, spec.call, given)
            ctx.applied[spec.call] = made
            expressions["eval_metric_ops"] = made
    return found


def returned_tuple(ctx: Context, node: ast.FunctionDef, mode: str, returned: tuple[Value, ...]) -> Fields | None:
    """Predictions, loss and train_op returned as they are, which `tf.contrib.learn.Estimator` took for a spec."""
    value = returned[0] if len(returned) == 1 else None
    statements = [s for s in every(node, ast.Return) if mode in ctx.facts.reached.get(s, ())]
    made = statements[0].value if len(statements) == 1 else None
    if not isinstance(value, Sequence) or value.open or len(value.items) != 3 or not isinstance(made, ast.Tuple):
        return None
    names = ("predictions", "loss", "train_op")
    values = dict(zip(names, value.items, strict=True))
    expressions = {n: e for n, e in zip(names, made.elts, strict=True) if is_none(values[n]) is not True}
    return Fields(made, expressions, values)


def several_specs(returned: tuple[Value, ...]) -> str:
    """Why what a model_fn returns is not one spec."""
    for value in returned:
        if isinstance(value, Result) and value.symbol in ESTIMATOR_SPECS:
            continue
        if isinstance(value, Const) and value.value is None:
            return "the model_fn may return None"
        if isinstance(value, Result):
            return f"the spec is made by `{value.symbol}`"
        if isinstance(value, Opaque) and value.why:
            return f"the spec cannot be followed ({value.why})"
        return "the model_fn returns something else than a spec"
    lines = sorted({value.call.lineno for value in returned if isinstance(value, Result)})
    where = f"line{'s' if len(lines) > 1 else ''} {' and '.join(map(str, lines))}"
    return f"which of the specs on {where} is returned is only known at run time"


def working_modes(ctx: Context, module: Module, node: ast.FunctionDef) -> frozenset[str]:
    """The modes in which the model_fn returns; in the others it raises, whatever its inputs are."""
    frames = [f for f in ctx.facts.frames.get(node, []) if f.returned is not None]
    returning = frozenset(f.mode for f in frames)
    modes = frozenset(f.mode for f in frames if given_back(f.returned) or f.mode == "infer")
    for mode in sorted(ALL - modes):
        why = f"returns no spec in mode {mode!r}, which stops an Estimator" if mode in returning else ""
        why = why or f"raises in mode {mode!r}"
        ctx.note("mode-raises", "info", module, node, f"the model_fn {why}; the Keras model does not")
    return modes


def given_back(returned: Value | None) -> tuple[Value, ...]:
    """What a model_fn may return but None, with which an Estimator stops."""
    found = options(returned) if returned is not None else ()
    return tuple(o for o in found if not (isinstance(o, Const) and o.value is None))
