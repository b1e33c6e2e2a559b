"""Minimisations where the model_fn has them: made by itself, or by a function that it calls with what is minimised."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step
from migrator.lower.reading.python_calls import python_arguments
from migrator.lower.reading.slices import all_definitions
from migrator.lower.spec.train_ops import Clip, TrainOp
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.analysis.facts import Frame
    from migrator.lower.models.model_parts import ModelParts


def placed(parts: ModelParts, op: TrainOp) -> TrainOp:
    """A minimisation as the model_fn sees it: what a function that makes it was given stands for its parameters.

    A function at the top of a file that makes the optimizer itself stays, as one that returns the optimizer.
    """
    where: ast.Call = op.call
    function = innermost(parts, where)
    while function is not parts.node:
        frame = only_activation(parts, function, where)
        assert isinstance(function, ast.FunctionDef) and frame.call is not None
        given = python_arguments(parts.ctx, parts.module, function, frame.call)
        inner = function in descendants(parts.node)
        loss = seen_outside(function, given, inner, op.loss)
        if loss is None:
            message = "the loss that a helper minimises cannot be followed"
            raise parts.ctx.refuse("train-op", frame.call, parts.module, message)
        moved = without_parameters(function, given, inner, op, loss)
        if moved is not None and not inner and not goes(parts, function, frame):
            moved = None
        if moved is None:
            direct = frame.parent is not None and frame.parent.function is not None
            if not direct or frame.parent.function.node is not parts.node or function not in frame.module.tree.body:  # type: ignore[union-attr]
                message = "the optimizer is made in a function that cannot be kept"
                raise parts.ctx.refuse("train-op", frame.call, parts.module, message)
            moved = dataclasses.replace(op, loss=loss, helper=function, helper_call=frame.call)
            check_bound(parts, frame.call, [loss])
            return moved
        for call in (n.value for n in every(function, ast.Expr) if isinstance(n.value, ast.Call)):
            message = f"`{ast.unparse(call.func)}(...)` in `{function.name}` is dropped"
            parts.ctx.note("dropped-call", "info", frame.module, call, message)
        op, where = moved, frame.call
        function = innermost(parts, where)
    read = [
        op.loss,
        op.variables,
        *([] if op.held else [op.optimizer]),
        op.clip.amount if op.clip is not None else None,
    ]
    check_bound(parts, where, [e for e in read if e is not None])
    return op


def goes(parts: ModelParts, function: ast.FunctionDef, frame: Frame) -> bool:
    """True for a function of the model_fn's own file that nothing else names: all that it did is done by the model."""
    named = [n for n in every(parts.module.tree, ast.Name) if n.id == function.name]
    others = [p for p, text in parts.ctx.project.sources.items() if p != parts.module.path and function.name in text]
    if function not in parts.module.tree.body or len(named) != 1 or others:
        return False
    parts.ctx.classes[function] = []
    return True


def innermost(parts: ModelParts, call: ast.Call) -> ast.AST:
    """The definition, of those that were entered, that a call stands in."""
    found = [d for d in parts.ctx.facts.frames if call in descendants(d)]
    return max(found, key=lambda d: (d.lineno, d.col_offset), default=parts.node)  # type: ignore[attr-defined]


def only_activation(parts: ModelParts, function: ast.AST, call: ast.Call) -> Frame:
    """The one activation of a function that makes a train_op; another would make another one by the same text."""
    frames = [f for f in parts.ctx.facts.frames[function] if f.mode == "train" and not f.supposed]
    if len(frames) != 1 or frames[0].call is None or not isinstance(function, ast.FunctionDef):
        message = "the function that makes the train_op cannot be followed"
        raise parts.ctx.refuse("train-op", call, parts.module, message)
    return frames[0]


def without_parameters(
    function: ast.FunctionDef, given: dict[str, ast.expr], inner: bool, op: TrainOp, loss: ast.expr
) -> TrainOp | None:
    """The minimisation in terms of the caller; None where it reads more than the function was given."""

    def outside(node: ast.expr | None) -> ast.expr | None:
        return seen_outside(function, given, inner, node) if node is not None else None

    optimizer, variables = outside(op.optimizer), outside(op.variables)
    clip = op.clip
    if clip is not None:
        amount = outside(clip.amount)
        test = outside(clip.test[0]) if clip.test is not None else None
        if amount is None or (clip.test is not None and test is None):
            return None
        clip = Clip(clip.argument, amount, (test, clip.test[1]) if clip.test is not None and test is not None else None)
    if optimizer is None or (op.variables is not None and variables is None) or op.rate is not None or op.held:
        return None
    return dataclasses.replace(op, loss=loss, optimizer=optimizer, variables=variables, clip=clip)


def seen_outside(function: ast.FunctionDef, given: dict[str, ast.expr], inner: bool, node: ast.expr) -> ast.expr | None:
    """What an expression of a function is to its caller; None for what only the function knows."""
    own = {n.id for n in every(function, ast.Name) if isinstance(n.ctx, ast.Store)}
    parameters = {a.arg for a in every(function.args, ast.arg)}
    if isinstance(node, ast.Name) and node.id in parameters - own:
        return given.get(node.id)
    read = {n.id for n in every(node, ast.Name)}
    return node if not read or (inner and not read & (own | parameters)) else None


def check_bound(parts: ModelParts, call: ast.Call, read: list[ast.expr]) -> None:
    """Refuse a minimisation of what has another value at the end, where the Keras model reads it."""
    names = {n.id for node in read for n in every(node, ast.Name)}
    steps, _ = Specialiser(parts.ctx.facts).block(parts.node.body, frozenset({"train"}), parts.node.lineno)
    for name in sorted(bound_after(steps, call) & names):
        message = f"`{name}` has another value after the minimisation that reads it"
        raise parts.ctx.refuse("train-op", call, parts.module, message)


def bound_after(steps: list[Step], call: ast.Call) -> set[str]:
    """The names that may get another value after a call; those of branches beside it do not."""
    for index, step in enumerate(steps):
        if call not in descendants(step.node):
            continue
        found: set[str] = set()
        for later in steps[index + 1 :]:
            found |= all_definitions(later)
        if step.kind in ("for", "while"):
            found |= all_definitions(step)
        for block in step.blocks:
            found |= bound_after(block, call)
        return found
    return set()
