"""What a metric is updated with: one number as the weight of all examples has to become one for each.

tf.metrics broadcasts its weights to the values. Keras takes the mean over all axes that the weights lack: with a single
number, batches of three and of one example count alike (measured with Mean and Accuracy of Keras 3.15: 6.0 for 4.0).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Stage, Value, options
from migrator.emit.fragments import call_text
from migrator.lower.library import rule_arguments

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

NUMBERS = (int, float)
REDUCING = ("tensorflow.reduce_", "tensorflow.math.reduce_")


def inputs(st: Body, site: Site) -> tuple[list[ast.expr], ast.expr | None]:
    """The arguments of a tf.metrics call that go to update_state, and the weights; those of 1 weigh nothing."""
    rule = site.own.rule
    assert rule is not None
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    weights = bound.get(rule.weights_arg) if rule.weights_arg else None
    value = st.ctx.facts.value(weights) if weights is not None else None
    if isinstance(value, Const) and isinstance(value.value, NUMBERS) and value.value == 1:
        weights = None
    return [bound[name] for name in rule.update if name in bound], weights


def update_arguments(st: Body, site: Site) -> list[str]:
    """The arguments of update_state as text."""
    found, weights = inputs(st, site)
    texts = [st.call_text(node) for node in found]
    if weights is None:
        return texts
    text = st.call_text(weights)
    if is_one_number(st, weights):
        text = st.ctx.use(st.module, call_text("tf.fill", [f"tf.shape({texts[0]})", text]))
    return [*texts, text]


def is_one_number(st: Body, node: ast.expr) -> bool:
    """True for weights that are a single number. Refuses what may be one, or None, or a list."""
    value = st.ctx.facts.value(node)
    kinds = {kind_of(option) for option in (options(value) if value is not None else (None,))}
    if kinds == {True}:
        return True
    if kinds <= {False, None}:
        return False
    message = "whether the weights of a metric are one number for all examples is not known"
    raise st.ctx.refuse("metric-weights", node, st.module, message)


def kind_of(value: Value | None) -> bool | str | None:
    """True for one number, False for a tensor of weights, None for no weights; "" where it is not known."""
    if isinstance(value, Const):
        return None if value.value is None else isinstance(value.value, NUMBERS)
    if isinstance(value, Result) and value.symbol == "tensorflow.constant" and value.call.args:
        given = value.call.args[0]
        if isinstance(given, ast.UnaryOp):
            given = given.operand
        return isinstance(given, ast.Constant)
    if isinstance(value, Result) and value.symbol.startswith(REDUCING):
        return "axis" not in value.bound and "reduction_indices" not in value.bound and len(value.call.args) < 2
    stage = getattr(value, "stage", Stage.STATIC)
    return False if stage is Stage.CALL else ""
