"""Two specs of which the program returns one, where the choice is about TPUs or reports: one of them is enough."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.signatures import ESTIMATOR_SPECS
from migrator.analysis.values import Opaque, same
from migrator.lower.spec import hooks
from migrator.rulebook import parameters
from migrator.source.syntax import descendants, is_none_literal

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.analysis.values import Result
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

# what an Estimator computes with, by mode
USED = {"train": ("loss", "train_op"), "eval": ("loss",), "infer": ("predictions", "export_outputs")}
BESIDE = {"eval": ("eval_metrics", "eval_metric_ops", "evaluation_hooks"), "infer": ("prediction_hooks",)}
SETTING_UP = ("scaffold", "scaffold_fn")


def chosen(ctx: Context, module: Module, specs: list[Result], mode: str) -> Result | None:
    """The spec to convert of two that give the same in this mode; None for any other specs.

    What a spec for TPUs has besides a plain one concerns TPUs. Of two of a kind, one may write summaries or report
    where the other does not.
    """
    calls = {spec.call: spec for spec in specs}
    if len(calls) != 2:
        return None
    first, second = sorted(calls.values(), key=lambda spec: spec.call.lineno)
    one, other = fields(first), fields(second)
    if not all(alike(ctx, one.get(name), other.get(name), mode) for name in USED[mode]):
        return None
    plain = [spec for spec in (first, second) if not spec.symbol.endswith("TPUEstimatorSpec")]
    if len(plain) == 1:
        return plain[0]
    same = (*BESIDE.get(mode, ()), *SETTING_UP)
    if not all(alike(ctx, one.get(name), other.get(name), mode) for name in same):
        return None
    kept = second if "host_call" in one else first
    reporting = mode != "train" or all(
        alike(ctx, one.get(name), other.get(name), mode) or only_reports(ctx, module, (one.get(name), other.get(name)))
        for name in ("training_hooks", "training_chief_hooks")
    )
    return kept if reporting and not ("host_call" in one and "host_call" in other) else None


def only_reports(ctx: Context, module: Module, given: tuple[ast.expr | None, ...]) -> bool:
    """True for hooks that only report, or none."""
    return all(node is None or hooks.all_passive(ctx, module, node) for node in given)


def fields(spec: Result) -> dict[str, ast.expr]:
    """The fields that a spec is written with, but literal None."""
    names = parameters(ESTIMATOR_SPECS[spec.symbol]).positional
    found = dict(zip(names, spec.call.args, strict=False))
    found.update({k.arg or "**": k.value for k in spec.call.keywords})
    return {name: node for name, node in found.items() if not is_none_literal(node)}


def alike(ctx: Context, one: ast.expr | None, other: ast.expr | None, mode: str) -> bool:
    """True for two expressions that are written alike, of names that stand for the same."""
    if one is None or other is None:
        return one is other
    if ast.dump(one) != ast.dump(other):
        return False
    pairs = zip(descendants(one), descendants(other), strict=True)
    return all(same_name(ctx, a, b, mode) for a, b in pairs if isinstance(a, ast.Name))


def same_name(ctx: Context, one: ast.AST, other: ast.AST, mode: str) -> bool:
    """True for a name that surely stands for one thing in both places."""
    a, b = ctx.facts.value(one, mode), ctx.facts.value(other, mode)
    return a is b or (a is not None and b is not None and not isinstance(a, Opaque) and same(a, b))


def without_twins(steps: list[Step], twins: set[ast.Call]) -> list[Step]:
    """The steps with the other side alone of a condition that only makes the spec which is not converted."""
    if not twins:
        return steps
    found: list[Step] = []
    for index, step in enumerate(steps):
        blocks = [without_twins(block, twins) for block in step.blocks]
        made = [only_makes(block, twins) for block in step.blocks]
        if step.kind == "if" and len(blocks) == 2 and made.count(True) == 1:
            found += blocks[made.index(False)]
        elif step.kind == "if" and returns(step.blocks[0]) and only_makes(steps[index + 1 :], twins):
            return [*found, *blocks[0]]
        else:
            found.append(dataclasses.replace(step, blocks=blocks) if step.blocks else step)
    return found


def returns(block: list[Step]) -> bool:
    """True for a block that ends with a return."""
    return bool(block) and isinstance(block[-1].node, ast.Return)


def only_makes(block: list[Step], twins: set[ast.Call]) -> bool:
    """True for statements that make one of these specs and nothing else."""
    nodes = [step.node for step in block]
    plain = all(isinstance(node, (ast.Assign, ast.Return, ast.FunctionDef)) for node in nodes)
    return plain and any(call in descendants(node) for call in twins for node in nodes)
