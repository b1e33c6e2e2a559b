"""`tf.contrib.layers.optimize_loss`: one call that makes the optimizer, clips, runs UPDATE_OPS and minimises."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Member, Opaque, Result, Stage, Symbol, Value, options, stage_of
from migrator.lower.library import optimizer_names
from migrator.lower.library.optimizer_names import NAMED
from migrator.lower.spec.train_ops import Clip, TrainOp, argument

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

SYMBOL = "tensorflow.contrib.layers.optimize_loss"
REFUSED = {
    "gradient_noise_scale": "noise is added to the gradients",
    "gradient_multipliers": "gradients are scaled by variable",
    "learning_rate_decay_fn": "the learning rate decays by a function of the user's",
    "update_ops": "the update operations are chosen by hand",
}


def train_op(ctx: Context, module: Module, call: ast.Call) -> TrainOp:
    """The minimisation that one call of optimize_loss is. What it does beyond that refuses."""
    for name, reason in REFUSED.items():
        if argument(call, SYMBOL, name) is not None:
            raise ctx.refuse("optimize-loss", call, module, reason)
    loss, chosen = argument(call, SYMBOL, "loss"), argument(call, SYMBOL, "optimizer")
    if loss is None or chosen is None:
        raise ctx.refuse("optimize-loss", call, module, "the loss or the optimizer is missing")
    counting = argument(call, SYMBOL, "increment_global_step")
    if counting is not None and not (isinstance(counting, ast.Constant) and counting.value is True):
        raise ctx.refuse("optimize-loss", call, module, "the step is counted elsewhere")
    clip = argument(call, SYMBOL, "clip_gradients")
    if clip is not None and not all(is_number(o) for o in options(ctx.facts.value(clip) or Opaque(Stage.STATIC))):
        raise ctx.refuse("optimize-loss", clip, module, "gradients are clipped by a function")
    variables = argument(call, SYMBOL, "variables")
    clipping = Clip("global_clipnorm", clip) if clip is not None else None
    rate = argument(call, SYMBOL, "learning_rate")
    value = ctx.facts.value(chosen) or Opaque(Stage.STATIC)
    if rate is not None and is_name(value):
        if not isinstance(value, Const):
            optimizer_names.note_unknown(ctx, module, "optimize-loss", chosen)
        return TrainOp(call, chosen, value, loss, variables, clipping, counts=1, rate=rate)
    optimizer = optimizer_expression(ctx, module, call, chosen)
    value = ctx.facts.value(optimizer) or Opaque(Stage.STATIC)
    return TrainOp(call, optimizer, value, loss, variables, clipping, counts=1)


def is_name(value: Value) -> bool:
    """True for a text with a meaning of its own, and for what may be a text: both are looked up at run time.

    "Momentum" comes with a momentum of its own, 0.9.
    """
    if isinstance(value, Const):
        return bool(value.value == "Momentum")
    known = [o for o in options(value) if not (isinstance(o, Const) and o.value in (*NAMED, "Momentum"))]
    return all(optimizer_names.may_be_name(o) for o in known)


def is_number(value: object) -> bool:
    """True for a number, or a static value that no function can be."""
    if isinstance(value, Const):
        return isinstance(value.value, (int, float))
    return isinstance(value, (Opaque, Member)) and stage_of(value) is Stage.STATIC


def optimizer_expression(ctx: Context, module: Module, call: ast.Call, chosen: ast.expr) -> ast.expr:
    """The optimizer as an expression: the one given, or a constructor called with the learning rate."""
    value = ctx.facts.value(chosen)
    if isinstance(value, Result) and value.symbol.endswith("Optimizer") and not value.part:
        return chosen
    symbol = None
    if isinstance(value, Symbol) and value.name.endswith("Optimizer"):
        symbol = value
    elif isinstance(value, Const) and value.value in NAMED:
        symbol = Symbol(NAMED[value.value])
    rate = argument(call, SYMBOL, "learning_rate")
    if symbol is None or rate is None:
        raise ctx.refuse("optimize-loss", call, module, f"which optimizer `{ast.unparse(chosen)}` is, is not known")
    return optimizer_names.constructed(ctx, chosen, symbol, rate)
