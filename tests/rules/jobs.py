"""The jobs of the proof: for every case what each side evaluates, and for every twin what must come out different."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

from migrator.rulebook import Case, Rule
from tests.rules.rendering import filled, legacy_call, target_call

REDUCTIONS = {
    "SUM_BY_NONZERO_WEIGHTS": "weighted_sum_by_nonzero_weights",
    "SUM_OVER_BATCH_SIZE": "weighted_sum_over_batch_size",
    "MEAN": "weighted_mean",
    "SUM": "weighted_sum",
    "NONE": "none",
}
PROVED = ("layer", "layer_class", "op", "activation", "initializer", "regularizer", "loss", "metric", "optimizer")
RANDOM_TARGETS = ("keras.layers.Dropout", "keras.layers.SpatialDropout", "tf.nn.dropout", "tf.random.")


@dataclasses.dataclass(frozen=True)
class Proof:
    """One comparison: `job` runs on both sides, `expect` is whether they must agree. `twin` is the changed argument."""

    id: str
    rule: Rule
    case: Case
    twin: str | None
    job: dict[str, Any]
    """Plain JSON: what the workers read. The legacy half of a twin is that of its case."""


def proofs(rule: Rule) -> list[Proof]:
    """The proofs of one rule: one per case, and one per argument of its twin."""
    found = []
    for number, case in enumerate(rule.cases):
        name = f"{rule.id}-{number}"
        found.append(Proof(name, rule, case, None, job(rule, case, dict(case.args))))
        for argument, value in case.twin.items():
            changed = {key: text for key, text in case.args.items() if rule.aliases.get(key, key) != argument}
            twin = job(rule, case, {**changed, argument: value})
            found.append(Proof(f"{name}-not-{argument}", rule, case, argument, {**twin, "of": name}))
    return found


def job(rule: Rule, case: Case, arguments: dict[str, str]) -> dict[str, Any]:
    """Both halves of one comparison. `arguments` are legacy arguments; the inputs are names both sides define."""
    inputs = {name: name for name in case.inputs}
    if rule.step is not None:
        inputs[rule.step] = "step" if rule.kind == "schedule" else "tf.train.get_global_step()"
    object_call = rule.kind == "layer_class"
    training = arguments.pop(rule.training, None) if object_call and rule.training else None
    # A legacy activation is called as a layer calls it: by position (tf.nn.swish takes no keyword in a graph).
    positional = [inputs.pop(name) for name in list(inputs)] if rule.kind == "activation" else []
    source = legacy_call(rule, {**({} if object_call else inputs), **arguments}, positional)
    common = {"kind": rule.kind, "legacy": source, "inputs": {k: spec(v) for k, v in case.inputs.items()}}
    found = {**common, **_TARGETS[rule.kind](rule, case, source), "statistics": is_random(rule)}
    return found if training is None else {**found, "training": training == "True"}


def spec(value: Any) -> dict[str, Any]:
    """An input as a table: a bare list is the shape of normal floats."""
    return {"shape": value} if isinstance(value, list) else dict(value)


def is_random(rule: Rule) -> bool:
    """Whether only statistics of the result can be compared."""
    return rule.kind in ("op", "layer", "layer_class") and (rule.target or "").startswith(RANDOM_TARGETS)


def _layer(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    given = {k.arg: ast.unparse(k.value) for k in call.keywords}
    training = given.get(rule.training) if rule.training else None
    if rule.training and training is None and rule.kind == "layer":
        from migrator.rulebook import default_source

        training = default_source(rule, rule.training)
    return {
        "target": target_call(rule, source),
        "call": list(rule.inputs or case.inputs),
        "training": {"True": True, "False": False}.get(training or ""),
        "takes_training": rule.training is not None,
        "weights": dict(rule.weights),
    }


def _expression(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    text = filled(rule, rule.template, source) if rule.template else target_call(rule, source)
    return {"target": text, "short": rule.short if text == f"{rule.target}(x={next(iter(case.inputs), '')})" else None}


def _plain(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    return {"target": target_call(rule, source)}


def _loss(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    given = {k.arg: k.value for k in call.keywords}
    reduction = given.get(rule.reduction_arg or "")
    name = REDUCTIONS[reduction.attr] if isinstance(reduction, ast.Attribute) else REDUCTIONS["SUM_BY_NONZERO_WEIGHTS"]
    weights = ast.unparse(given["weights"]) if "weights" in given and "weights" in case.inputs else None
    plain = reduction is None and weights is None
    texts = [filled(rule, rule.template, source)] if plain and rule.template else []
    if rule.elementwise is not None:
        losses = filled(rule, rule.elementwise, source)
        table = rule.unweighted if weights is None else rule.weighted
        others = {"losses": losses} if weights is None else {"losses": losses, "weights": weights}
        texts.append(filled(rule, table[name], source, **others))
    if plain and rule.target:
        texts.append(f"{target_call(rule, source)}({', '.join(rule.inputs)})")
    return {"target": texts}


def _metric(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    weighted = case.variant == "weighted"
    update = [*rule.update, *([rule.weights_arg] if weighted and rule.weights_arg else [])]
    return {"target": target_call(rule, source), "also": also(rule, source), "update": update}


def also(rule: Rule, source: str) -> str | None:
    """A second target that must give the same result."""
    return target_call(rule, source, rule.elements) if rule.elements else None


def _optimizer(rule: Rule, case: Case, source: str) -> dict[str, Any]:
    chosen = {"scheduled": rule.scheduled, "sparse": rule.sparse}.get(case.variant or "")
    return {"target": target_call(rule, source, chosen), "sparse": case.variant == "sparse"}


_TARGETS = {
    "layer": _layer,
    "layer_class": _layer,
    "op": _expression,
    "activation": _expression,
    "initializer": _plain,
    "regularizer": _plain,
    "loss": _loss,
    "metric": _metric,
    "optimizer": _optimizer,
    "schedule": _plain,
}
