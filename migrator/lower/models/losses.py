"""The loss: a Keras loss object for compile where that is exact, else `compute_loss` with the user's own statements."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.lower.bodies import rendering
from migrator.lower.library import loss_calls, rewriting, rule_arguments
from migrator.lower.models import optimizer
from migrator.lower.models.model_parts import bind_outputs, inline_return, known, method_body
from migrator.lower.reading import class_lines, symbols
from migrator.lower.reading.slices import defined_by, slice_steps
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body
    from migrator.rulebook import Rule

REGULARIZATION = frozenset(
    {
        "tensorflow.losses.get_regularization_loss",
        "tensorflow.losses.get_regularization_losses",
        "tensorflow.losses.get_total_loss",
        "tensorflow.contrib.slim.losses.get_total_loss",
    }
)


def adds_regularization(parts: ModelParts) -> bool:
    """True when the program adds the collected regularisation losses somewhere."""
    for callees in parts.ctx.facts.callees.values():
        for callee in callees:
            if getattr(callee, "name", "") in REGULARIZATION:
                return True
    collections = parts.ctx.facts.results.get("tensorflow.get_collection", ())
    return any(getattr(value.bound.get("key"), "value", "") == "regularization_losses" for value in collections)


def resolve(st: Body, node: ast.expr) -> ast.expr:
    """The expression behind a name that is assigned once."""
    for _ in range(6):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            display = resolve(st, node.value)
            if not isinstance(display, ast.Dict):
                return node
            keys = [k.value if isinstance(k, ast.Constant) else None for k in display.keys]
            if keys.count(node.slice.value) != 1 or None in keys:
                return node
            node = display.values[keys.index(node.slice.value)]
            continue
        if not isinstance(node, ast.Name):
            return node
        found = [
            s.node
            for s in _steps(st)
            if isinstance(s.node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == node.id for t in s.node.targets)
        ]
        stores = [n for n in every(st.node, ast.Name) if n.id == node.id]
        if len(found) != 1 or sum(isinstance(n.ctx, ast.Store) for n in stores) != 1:
            return node
        if not isinstance(found[0].targets[0], ast.Name) or changed_in_place(st, node.id):
            return node
        node = found[0].value
    return node


def changed_in_place(st: Body, name: str) -> bool:
    """True when some statement changes the object that a name holds."""
    changes = [defined_by(s) for s in _steps(st)]
    return any(name in changed and name not in replaced for changed, replaced in changes)


def _steps(st: Body):  # type: ignore[no-untyped-def]

    return [s for s in walk(st.steps) if s.kind == "simple"]


def loss_expressions(parts: ModelParts) -> tuple[ast.expr | None, ast.expr | None]:
    """(what training minimises, what evaluation reports)."""
    ops = optimizer.plan(parts)
    evaluation = parts.fields["eval"].expressions.get("loss") if "eval" in parts.fields else None
    if len(ops) > 1:
        # each optimizer minimises its own value in train_step; this one is reported
        fields = parts.fields["train"].expressions
        return fields.get("loss"), evaluation
    training = ops[0].loss if ops else None
    return training, evaluation


def compile_loss(parts: ModelParts) -> str | None:
    """The loss argument of compile, or None when only `compute_loss` is exact."""
    training, evaluation = loss_expressions(parts)
    if training is None or evaluation is None or len(parts.cut) != 1 or adds_regularization(parts):
        return None
    call = resolve(parts.staging(frozenset({"train"})), training)
    if call is not resolve(parts.staging(frozenset({"eval"})), evaluation) or not isinstance(call, ast.Call):
        return None
    symbol = symbols.called_symbol(parts.ctx, call)
    rule = parts.ctx.rules.find(symbol) if symbol else None
    if rule is None or rule.kind != "loss" or not rule.target or len(rule.inputs) != 2:
        return None
    bound = rule_arguments.bound_or_refuse(parts.ctx, parts.module, rule, call)
    labels, outputs = (bound.get(name) for name in rule.inputs)
    plain = isinstance(labels, ast.Name) and labels.id == parts.labels
    plain = plain and isinstance(outputs, ast.Name) and outputs.id == parts.cut[0]
    weights = bound.get(rule.weights_arg or "")
    reduction = loss_calls.loss_reduction(parts.ctx, parts.module, rule, bound)
    if outputs is not None and loss_calls.activated_logits(parts.ctx, rule, outputs):
        return None
    if not plain or not loss_calls.unit_weight(weights) or reduction != "weighted_sum_by_nonzero_weights":
        return None
    if reassigned(parts, parts.labels):
        return None
    return loss_object(parts, rule, call)


def reassigned(parts: ModelParts, name: str) -> bool:
    """True when a parameter is given another value somewhere in the model_fn."""
    names = (n for n in every(parts.node, ast.Name) if n.id == name)
    return any(isinstance(n.ctx, ast.Store) for n in names)


def loss_object(parts: ModelParts, rule: Rule, call: ast.Call) -> str:
    """The Keras loss object of a rule."""
    st = optimizer.builder_staging(parts)
    return rewriting.rule_text(parts.ctx, parts.module, rule, call, st.static_text, rule.target or "")


def loss_method(parts: ModelParts) -> list[str] | None:
    """`compute_loss` with the loss's own statements; None when the model has no loss."""

    training, evaluation = loss_expressions(parts)
    if training is None and evaluation is None:
        return None
    modes = frozenset(m for m, e in (("train", training), ("eval", evaluation)) if e is not None)
    same = training is None or evaluation is None or ast.dump(training) == ast.dump(evaluation)
    first = training if training is not None else evaluation
    assert first is not None
    body: list[str]
    if same:
        st = parts.staging(modes)
        st.begin_method()
        lines, outputs, start = method_body(parts, st, st.loads_call(first), lambda step: False)
        body = inline_return(lines, st, first)
    else:
        assert evaluation is not None
        body, outputs, start = two_losses(parts, first, evaluation)
    known(parts, start, {parts.features, parts.labels}, "the loss")
    head = class_lines.def_line(
        "compute_loss", ["self", "x=None", "y=None", "y_pred=None", "sample_weight=None", "training=True"]
    )
    if parts.features in start:
        head.append(f"        {parts.features} = x")
    if parts.labels and parts.labels in start:
        head.append(f"        {parts.labels} = y")
    return [*head, *bind_outputs(parts, outputs, "y_pred"), *body]


def two_losses(parts: ModelParts, training: ast.expr, evaluation: ast.expr) -> tuple[list[str], set[str], set[str]]:
    """A body that minimises one value in training and reports another in evaluation."""

    body: list[str] = []
    outputs: set[str] = set()
    reads: set[str] = set()
    for mode, expression in (("train", training), ("eval", evaluation)):
        st = parts.staging(frozenset({mode}))
        provided = parts.provided()
        needed, start = slice_steps(st.steps, st.loads_call(expression), st.loads_call, lambda s: False, provided)
        indent = "            " if mode == "train" else "        "
        lines = rendering.call_block(st, st.steps, needed, indent, lambda step: [])
        text = st.call_text(expression)
        if mode == "train":
            body += ["        if training:", *rendering.compact(lines), f"{indent}return {text}"]
        else:
            body += inline_return(lines, st, expression)
        outputs |= set(provided)
        reads |= start - bound_by(st, needed)
    return body, outputs, reads
