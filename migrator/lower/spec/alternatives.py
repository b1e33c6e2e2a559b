"""Minimisations in the branches of a condition: one of them happens, with its optimizer, loss and clipping."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from migrator.analysis.values import Result, Stage, Symbol, options, truth
from migrator.lower.spec.gradients import around
from migrator.lower.spec.update_ops import is_update_ops
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.lower.spec.train_ops import Clip, TrainOp
    from migrator.source.module import Module

NORMS = ("layers.batch_normalization", "layers.batch_norm", "layers.BatchNormalization")


def one_of(ctx: Context, module: Module, ops: list[TrainOp]) -> TrainOp:
    """One minimisation that stands for those in the branches of an `if` that is decided when the model is made."""
    first = ops[0]

    def refuse(why: str, node: ast.AST = first.call) -> NoReturn:
        raise ctx.refuse("train-op", node, module, why)

    function = around(module, first.call)
    branch = common_branch(function, [op.call for op in ops]) if function is not None else None
    if function is None or branch is None:
        refuse("which of several minimisations happens cannot be followed")
    for test in tests_above(branch, [op.call for op in ops]):
        value = ctx.facts.value(test, "train")
        if ctx.facts.stage(test) is not Stage.STATIC and (value is None or truth(value) is None):
            refuse("which of several minimisations happens depends on a tensor", test)
    bound = {n.id for n in every(branch, ast.Name) if isinstance(n.ctx, ast.Store)}
    if not alike([op.loss for op in ops]) or names(first.loss) & bound:
        refuse("several losses are minimised, one in each branch", branch)
    if any(op.variables is not None for op in ops):
        raise ctx.refuse("var-list", first.call, module, "only some of the variables are trained")
    if len({op.counts for op in ops}) > 1 or any(op.rate is not None for op in ops):
        refuse("the branches make their steps in different ways", branch)
    check_updates(ctx, module, function, branch, ops)
    one = dataclasses.replace(first, clip=one_clip(ctx, module, branch, bound, ops))
    if alike([op.optimizer for op in ops]):
        given = names(first.optimizer) & bound
        named = isinstance(first.optimizer, ast.Name)
        if not given or (named and not any(bound_later(branch, name, op.call) for name in given for op in ops)):
            return one
    if one.clip is not None and (one.clip.test is not None or names(one.clip.amount) & bound):
        refuse("the branches clip their gradients in different ways", branch)
    holders = [holder_of(function, op.call) for op in ops]
    targets = {holder.targets[0].id for holder in holders if holder is not None}  # type: ignore[attr-defined]
    if None in holders or len(targets) != 1:
        refuse("the branches do not give their train_op one name", branch)
    held = tuple((holder.value, op.optimizer) for holder, op in zip(holders, ops, strict=True) if holder is not None)
    return dataclasses.replace(one, held_by=targets.pop(), held=held)


def common_branch(function: ast.FunctionDef, calls: list[ast.Call]) -> ast.If | None:
    """The innermost `if` that all calls stand in, in branches of their own each."""
    found = [n for n in every(function, ast.If) if all(c in descendants(n) for c in calls)]
    if not found:
        return None
    branch = max(found, key=lambda n: (n.lineno, n.col_offset))
    return branch if apart(branch, calls) else None


def apart(branch: ast.If, calls: list[ast.Call]) -> bool:
    """True when each call stands in another branch of an `if`, of those in it, or of its `elif`s."""
    for block in (branch.body, branch.orelse):
        inside = [c for c in calls if any(c in descendants(s) for s in block)]
        if len(inside) > 1:
            holding = [s for s in block if any(c in descendants(s) for c in inside)]
            if len(holding) != 1 or not isinstance(holding[0], ast.If) or not apart(holding[0], inside):
                return False
        elif not inside and block is branch.body:
            return False
    return True


def tests_above(branch: ast.If, calls: list[ast.Call]) -> list[ast.expr]:
    """The tests that decide which of the calls happens."""
    return [n.test for n in every(branch, ast.If) if any(c in descendants(n) for c in calls)]


def alike(expressions: Iterable[ast.expr]) -> bool:
    """True for expressions of one text."""
    return len({ast.dump(e) for e in expressions}) == 1


def names(expression: ast.expr) -> set[str]:
    """The names that an expression reads."""
    return {n.id for n in every(expression, ast.Name)}


def bound_later(branch: ast.If, name: str, call: ast.Call) -> bool:
    """True when a branch gives the name another value after its minimisation."""
    for node in descendants(branch):
        for block in (getattr(node, "body", []), getattr(node, "orelse", [])):
            inside = [call in descendants(s) for s in block] if isinstance(block, list) else []
            if any(inside):
                later = [n for s in block[inside.index(True) + 1 :] for n in descendants(s)]
                if any(isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.id == name for n in later):
                    return True
    return False


def holder_of(function: ast.FunctionDef, call: ast.Call) -> ast.Assign | None:
    """The assignment of a train_op to a name, of the minimisation itself or grouped with updates."""
    found = [n for n in every(function, ast.Assign) if call in descendants(n)]
    if len(found) != 1 or len(found[0].targets) != 1 or not isinstance(found[0].targets[0], ast.Name):
        return None
    return found[0]


# ------------------------------------------------------------------------------------------------------------ clip
def one_clip(ctx: Context, module: Module, branch: ast.If, bound: set[str], ops: list[TrainOp]) -> Clip | None:
    """How gradients are clipped, in all branches alike or in one of two alone."""
    clips = [op.clip for op in ops if op.clip is not None]
    if not clips:
        return None
    first = clips[0]
    if len({clip.argument for clip in clips}) == 1 and alike([clip.amount for clip in clips]):
        if len(clips) == len(ops) and not any(clip.test for clip in clips) and not names(first.amount) & bound:
            return first
        plain = len(ops) == 2 and len(clips) == 1 and first.test is None
        clipping = next(op for op in ops if op.clip is not None)
        inside = any(clipping.call in descendants(s) for s in branch.body)
        other = next(op for op in ops if op is not clipping)
        opposite = any(other.call in descendants(s) for s in (branch.orelse if inside else branch.body))
        if plain and opposite and len(tests_above(branch, [op.call for op in ops])) == 1:
            if not names(first.amount) & bound:
                return dataclasses.replace(first, test=(branch.test, inside))
    raise ctx.refuse("gradients", branch, module, "the branches clip their gradients in different ways")


# --------------------------------------------------------------------------------------------------------- updates
def check_updates(ctx: Context, module: Module, function: ast.FunctionDef, branch: ast.If, ops: list[TrainOp]) -> None:
    """Refuse a condition under which UPDATE_OPS are not run, unless batch norm is made under the same one."""
    runs = [runs_updates(ctx, function, op.call) for op in ops]
    if len(set(runs)) == 1:
        return
    sides = {any(op.call in descendants(s) for s in branch.body) for op, run in zip(ops, runs, strict=True) if run}
    plain = len(ops) == 2 and len(sides) == 1
    for call, callees in ctx.facts.callees.items():
        made = [o.name for callee in callees for o in options(callee) if isinstance(o, Symbol)]
        if any(name.endswith(NORMS) for name in made):
            if not plain or not made_under(ctx, call, branch.test, next(iter(sides))):
                message = "in one branch UPDATE_OPS are not run, and batch norm may be there"
                raise ctx.refuse("update-ops", branch, module, message)


def runs_updates(ctx: Context, function: ast.FunctionDef, call: ast.Call) -> bool:
    """True when a minimisation waits for UPDATE_OPS, or is grouped with them."""

    for node in descendants(function):
        if isinstance(node, ast.With) and any(call in descendants(s) for s in node.body):
            for item in node.items:
                value = ctx.facts.value(item.context_expr)
                if isinstance(value, Result) and value.symbol == "tensorflow.control_dependencies":
                    inputs = value.bound.get("control_inputs")
                    if inputs is not None and is_update_ops(inputs):
                        return True
        if isinstance(node, ast.Call) and node is not call and call in descendants(node):
            value = ctx.facts.value(node)
            if isinstance(value, Result) and value.symbol == "tensorflow.group":
                if any(is_update_ops(v) for v in value.bound.values()):
                    return True
    return False


def made_under(ctx: Context, call: ast.Call, test: ast.expr, holds: bool, depth: int = 6) -> bool:
    """True when a call, or every call of the function it stands in, is only reached on one side of the test."""
    around_it = [d for d in ctx.facts.frames if isinstance(d, ast.FunctionDef) and call in descendants(d)]
    function = max(around_it, key=lambda d: d.lineno, default=None)
    for node in descendants(function) if function is not None else ():
        if isinstance(node, ast.If) and one_thing(ctx, node.test, test):
            if any(call in descendants(s) for s in (node.body if holds else node.orelse)):
                return True
    calls = {f.call for f in ctx.facts.frames.get(function, ())} if function is not None else {None}
    return bool(depth) and all(c is not None and made_under(ctx, c, test, holds, depth - 1) for c in calls)


def one_thing(ctx: Context, a: ast.expr, b: ast.expr) -> bool:
    """True for expressions that read one attribute, or one item, of one object."""
    if isinstance(a, ast.Attribute) and isinstance(b, ast.Attribute):
        return a.attr == b.attr and one_thing(ctx, a.value, b.value)
    if isinstance(a, ast.Subscript) and isinstance(b, ast.Subscript):
        constant = isinstance(a.slice, ast.Constant) and isinstance(b.slice, ast.Constant)
        return constant and ast.dump(a.slice) == ast.dump(b.slice) and one_thing(ctx, a.value, b.value)
    if isinstance(a, ast.Name) and isinstance(b, ast.Name):
        first, second = ctx.facts.value(a, "train"), ctx.facts.value(b, "train")
        return first is not None and second is not None and first is second
    return False
