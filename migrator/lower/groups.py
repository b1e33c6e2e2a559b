"""What is converted together, and the objects whose arguments move into the Keras calls."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable

from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import Result
from migrator.detect.programs import Construction, Program, Use
from migrator.lower.context import Context
from migrator.lower.units import LoweredModel
from migrator.rulebook import parameters
from migrator.source.module import Module
from migrator.source.syntax import descendants

RUN_CONFIGS = frozenset({"tensorflow.estimator.RunConfig", "tensorflow.contrib.learn.RunConfig"})
CONSUMED = RUN_CONFIGS | {
    "tensorflow.estimator.TrainSpec",
    "tensorflow.estimator.EvalSpec",
    "tensorflow.estimator.export.build_raw_serving_input_receiver_fn",
}

Render = Callable[..., str]  # (node, columns by which continuation lines move)


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """What is converted together."""

    ctx: Context  # with the facts of the whole program
    program: Program
    models: dict[ast.AST, LoweredModel]
    constructions: dict[ast.Call, Construction]
    uses: dict[ast.Call, Use]


def given(call: ast.Call, symbol: str) -> dict[str, ast.expr]:
    """Arguments of a call by legacy name; literal None counts as absent."""
    names = parameters(SIGNATURES[symbol]).positional
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    return {k: v for k, v in found.items() if not (isinstance(v, ast.Constant) and v.value is None)}


def moved_into_calls(group: Group, module: Module, node: ast.stmt) -> bool:
    """True for `spec = tf.estimator.TrainSpec(...)` and the like: its arguments moved into the Keras calls.

    A RunConfig that is used elsewhere too stays, as an object of settings; a spec refuses.
    """
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return False
    value = group.ctx.facts.value(node.value)
    if not isinstance(value, Result) or value.symbol not in CONSUMED or value.call is not node.value:
        return False
    name = node.targets[0].id
    inside = {n for c in (*group.constructions, *group.uses) for n in descendants(c)}
    for load in descendants(module.tree):
        if not isinstance(load, ast.Name) or load.id != name or not isinstance(load.ctx, ast.Load) or load in inside:
            continue
        other = group.ctx.facts.value(load)
        if isinstance(other, Result) and other.call is node.value:
            if value.symbol in RUN_CONFIGS:
                return False
            raise group.ctx.refuse("spec-escapes", load, module, f"`{name}` is also used elsewhere")
    return True
