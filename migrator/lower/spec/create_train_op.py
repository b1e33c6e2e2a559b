"""`create_train_op` of slim and contrib.training: a minimisation that runs UPDATE_OPS first, and counts the step."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Opaque, Stage, is_none
from migrator.lower.spec.train_ops import Clip, TrainOp, argument
from migrator.lower.spec.update_ops import is_update_ops

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

TRAINING = "tensorflow.contrib.training.create_train_op"
SLIM = "tensorflow.contrib.layers.learning.create_train_op"
SYMBOLS = frozenset({TRAINING, SLIM})
REFUSED = {
    "transform_grads_fn": "the gradients are changed by a function",
    "gradient_multipliers": "gradients are scaled by variable",
}


def train_op(ctx: Context, module: Module, call: ast.Call, symbol: str) -> TrainOp:
    """The minimisation that one call of create_train_op is. What it does beyond that refuses."""

    for name, reason in REFUSED.items():
        if (
            symbol == (SLIM if name == "gradient_multipliers" else TRAINING)
            and argument(call, symbol, name) is not None
        ):
            raise ctx.refuse("create-train-op", call, module, reason)
    loss, optimizer = argument(call, symbol, "total_loss"), argument(call, symbol, "optimizer")
    if loss is None or optimizer is None:
        raise ctx.refuse("create-train-op", call, module, "the loss or the optimizer is missing")
    updates = argument(call, symbol, "update_ops")
    value = ctx.facts.value(updates, "train") if updates is not None else None
    if updates is not None and (value is None or not (is_update_ops(value) or is_none(value) is True)):
        raise ctx.refuse("create-train-op", call, module, "the update operations are chosen by hand")
    amount = argument(call, symbol, "clip_gradient_norm") if symbol == SLIM else None
    clip = None
    if amount is not None and not (isinstance(amount, ast.Constant) and amount.value == 0):
        clip = Clip("clipnorm", amount)
    step = next(
        (k.value for k in call.keywords if k.arg == "global_step"), call.args[2] if len(call.args) > 2 else None
    )
    counts = int(not (isinstance(step, ast.Constant) and step.value is None))
    made = ctx.facts.value(optimizer) or Opaque(Stage.STATIC)
    variables = argument(call, symbol, "variables_to_train")
    return TrainOp(call, optimizer, made, loss, variables, clip, counts)
