"""A tf.losses call as one scalar expression: its elementwise loss, weights and reduction."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Sequence, Symbol, Value, options
from migrator.lower.library.rule_arguments import Render, bound_or_refuse, fill

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module


PROBABILITIES = ("softmax", "sigmoid")


def loss_text(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render) -> str:
    """The scalar expression of a tf.losses call, for its weights and reduction."""
    bound = bound_or_refuse(ctx, module, rule, call)
    reduction = loss_reduction(ctx, module, rule, bound)
    weights = bound.get(rule.weights_arg) if rule.weights_arg else None
    outputs = bound.get(rule.inputs[-1])
    if outputs is not None and activated_logits(ctx, rule, outputs):
        render = apart(ctx, module, outputs, render)
    if unit_weight(weights) and reduction == "weighted_sum_by_nonzero_weights" and rule.template:
        return ctx.use(module, fill(ctx, module, rule, rule.template, bound, render))
    if rule.elementwise is None:
        raise ctx.refuse(rule.id, call, module, "weights or reduction of this loss are not measured")
    losses = fill(ctx, module, rule, rule.elementwise, bound, render)
    table = rule.unweighted if unit_weight(weights) else rule.weighted
    if reduction not in table:
        raise ctx.refuse(rule.id, call, module, f"the loss reduction {reduction} is not known")
    scalar = isinstance(weights, ast.Constant) and not unit_weight(weights)
    if scalar and weights is not None:
        text = fill(ctx, module, rule, rule.unweighted[reduction], bound, render, losses=losses)
        if reduction != "weighted_mean":
            text = f"{render(weights)} * {text}"
        return ctx.use(module, text)
    shown = render(weights) if weights is not None else "1.0"
    return ctx.use(module, fill(ctx, module, rule, table[reduction], bound, render, losses=losses, weights=shown))


def activated_logits(ctx: Context, rule: Rule, node: ast.expr) -> bool:
    """True when what a loss takes for logits may come out of a softmax or sigmoid, in a program that applies it twice.

    Keras' losses with `from_logits=True` look behind such a result and take what went into it (measured, Keras 3.15).
    """
    if "from_logits=True" not in (rule.template or rule.elementwise or ""):
        return False
    value = ctx.facts.value(node)
    return value is not None and any(may_activate(ctx, option) for option in options(value))


def may_activate(ctx: Context, value: Value) -> bool:
    """True for the result of a softmax or sigmoid, and of a layer that may end with one."""
    if not isinstance(value, Result):
        return False
    name = value.symbol.removesuffix("()").rsplit(".", 1)[-1]
    if name in PROBABILITIES:
        return True
    made = value.bound.get("self") if value.symbol.endswith("()") else value
    if not isinstance(made, Result):
        return False
    rule = ctx.rules.find(made.symbol)
    if rule is None or rule.kind not in ("layer", "layer_class"):
        return False
    if "*" in rule.weights:
        layers = made.bound.get("layers")
        if not isinstance(layers, Sequence) or not layers.items:
            return True  # added one by one
        return may_end(layers.items[-1])
    return may_end(made)


def may_end(layer: Value) -> bool:
    """True when a layer's activation is a softmax or sigmoid, or not known."""
    if not isinstance(layer, Result):
        return True
    name = layer.symbol.rsplit(".", 1)[-1]
    activation = layer.bound.get("activation", layer.bound.get("activation_fn"))
    if activation is None:
        return name in ("Softmax", "Activation", "Lambda")
    for option in options(activation):
        if isinstance(option, Const):
            if option.value in PROBABILITIES:
                return True
        elif not isinstance(option, Symbol) or option.name.rsplit(".", 1)[-1] in PROBABILITIES:
            return True
    return False


def apart(ctx: Context, module: Module, node: ast.expr, render: Render) -> Render:
    """Renders an expression as a result of its own, behind which Keras does not look."""
    return lambda inner: ctx.use(module, f"tf.identity({render(inner)})") if inner is node else render(inner)


def loss_reduction(ctx: Context, module: Module, rule: Rule, bound: dict[str, ast.expr]) -> str:
    """The reduction of a tf.losses call; one that is only known at run time refuses."""
    node = bound.get(rule.reduction_arg) if rule.reduction_arg else None
    if node is None:
        return "weighted_sum_by_nonzero_weights"
    value = ctx.facts.value(node)
    if isinstance(value, Symbol) and ".Reduction." in value.name:
        name = value.name.rsplit(".", 1)[1].lower()
        return {"sum_by_nonzero_weights": "weighted_sum_by_nonzero_weights", "none": "none"}.get(
            name, f"weighted_{name}"
        )
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    raise ctx.refuse(rule.id, node, module, "the loss reduction is only known at run time")


def unit_weight(node: ast.expr | None) -> bool:
    """True when a weights argument is absent or the literal one."""
    return node is None or (isinstance(node, ast.Constant) and node.value in (1, 1.0))
