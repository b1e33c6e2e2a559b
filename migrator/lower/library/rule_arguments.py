"""The arguments of a library call by its rule: bound by legacy name, converted, written as the target takes them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL, mode_condition
from migrator.analysis.values import Const, Result
from migrator.emit.fragments import Renderer
from migrator.lower.library import partials, shared_draws
from migrator.lower.reading.symbols import symbol_of
from migrator.rulebook import Refusal as BindRefusal
from migrator.rulebook import Rule, bind, default_source, target_of
from migrator.source.module import Module

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context

Render = Callable[[ast.AST], str]


def bound_or_refuse(ctx: Context, module: Module, rule: Rule, call: ast.Call) -> dict[str, ast.expr]:
    """The call's arguments by legacy name; what cannot be told apart refuses the unit."""
    layers = ("then",) if rule.kind == "layer" else ()
    bound = bind(rule, partials.written_out(ctx, module, call), ("choose", "or", *layers))
    if isinstance(bound, BindRefusal):
        raise ctx.refuse(rule.id, call, module, bound.reason)
    return bound


def target(ctx: Context, module: Module, rule: Rule, call: ast.Call) -> str:
    """The target of a call: the rule's, or the one that an argument's literal value chooses."""
    if rule.signature is None:
        return rule.target or ""
    found = target_of(rule, bound_or_refuse(ctx, module, rule, call))
    if isinstance(found, BindRefusal):
        raise ctx.refuse(rule.id, call, module, found.reason)
    return found


def arguments(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render) -> list[tuple[str, str]]:
    """The target's arguments as (name, text), in the rule's order; leading ones stay positional where they were."""
    call = partials.written_out(ctx, module, call)
    bound = bound_or_refuse(ctx, module, rule, call)
    note_dropped_arguments(ctx, module, rule, bound)
    positional = {id(a): place for place, a in enumerate(call.args)}
    found: list[tuple[str, str]] = []
    leading, place = not (rule.target or "").startswith("tf.raw_ops."), -1  # those take keywords alone
    for argument in rule.args:
        source = bound.get(argument.source or "") or bound.get(argument.alternative or "")
        if found and positional.get(id(source)) != place + 1:
            leading = False  # an argument between them is not written
        place = positional.get(id(source), -1)
        if argument.name == "momentum" and ctx.frozen_norms and rule.kind in ("layer", "layer_class"):
            found.append(("momentum", "momentum=1.0"))
            leading = False
            continue
        if source is None:
            if argument.default is not None:
                found.append((argument.name, f"{argument.name}={argument.default}"))
            leading = False
            continue
        if argument.converter == "regularizer" and not ctx.regularised:
            ctx.note(
                "regularizer-unused", "info", module, source, "the regulariser was never added to the loss: dropped"
            )
            continue
        trained = in_training(ctx, source) if argument.name == "trainable" else None
        # only training tells what is trainable
        text = convert(ctx, module, rule, argument.converter, source, render) if trained is None else str(trained)
        if argument.omit is not None and plain(text) == plain(argument.omit):
            leading = False
            continue
        if argument.name == "name" and (text == "None" or "/" in text):
            continue
        if leading and id(source) in positional:
            found.append((argument.name, text))
        else:
            leading = False
            found.append((argument.name, f"{argument.name}={text}"))
    return found


def in_training(ctx: Context, node: ast.expr) -> bool | None:
    """What an expression that depends on the mode alone is in training; None for any other expression.

    None too where the program asks which variables are trainable: the answer depends on the mode then.
    """
    symbols = (getattr(v, "symbol", "") for by_mode in ctx.facts.values.values() for v in by_mode.values())
    if not isinstance(node, ast.Constant) and "tensorflow.trainable_variables" in symbols:
        return None
    holds = mode_condition(ctx.facts, node, ALL) if not isinstance(node, ast.Constant) else None
    return None if holds is None or holds in (ALL, frozenset()) else "train" in holds


def note_dropped_arguments(ctx: Context, module: Module, rule: Rule, bound: dict[str, ast.expr]) -> None:
    """A finding for each argument of a Keras layer that people expect to count and that did not."""
    if rule.kind != "layer_class":
        return
    for name in rule.drop:
        given = bound.get(name)
        if given is None or isinstance(given, ast.Constant) and given.value in (None, True):
            continue
        if name.endswith("_regularizer"):
            message = "the regulariser of a Keras layer was never added to the loss: dropped"
            ctx.note("regularizer-unused", "warning", module, given, message)
        elif name == "trainable":
            message = "`trainable` did not keep the optimizer from training the variables of a Keras layer: dropped"
            ctx.note("trainable-unused", "warning", module, given, message)


def plain(text: str) -> str:
    """Text with one spelling of quotes and no spaces, to compare short sources."""
    return text.replace('"', "'").replace(" ", "")


def convert(ctx: Context, module: Module, rule: Rule, converter: str | None, node: ast.expr, render: Render) -> str:
    """The text of one argument after its converter."""
    text = render(node)
    match converter:
        case None:
            return text
        case "activation":
            return activation(ctx, node, text)
        case "padding":
            return text.lower() if isinstance(node, ast.Constant) else text
        case "data_format" | "dtype":
            return text
        case "initializer" | "regularizer":
            name = symbol_of(ctx, node)
            found = ctx.rules.find(name) if name else None
            if found is not None and found.target:
                return ctx.use(module, found.target)
            return shared_draws.own_draw(ctx, module, node, text) if converter == "initializer" else text
        case "one_minus":
            return one_minus(node, text)
    if converter == "{} is not None" and (there := surely_there(ctx, node)) is not None:
        return str(there)
    if "{}" in converter:
        return template_over(converter, text)
    raise ctx.refuse(rule.id, node, module, f"no converter `{converter}`")


def surely_there(ctx: Context, node: ast.expr) -> bool | None:
    """Whether an argument is something else than None, where that shows: a literal, or an initializer."""
    if isinstance(node, ast.Constant):
        return node.value is not None
    value = ctx.facts.value(node)
    rule = ctx.rules.find(value.symbol) if isinstance(value, Result) and not value.part else None
    return True if rule is not None and rule.kind == "initializer" else None


def activation(ctx: Context, node: ast.expr, text: str) -> str:
    """An activation argument: the short Keras name where the function has one; a text names one of tf.keras."""
    name = symbol_of(ctx, node)
    value = ctx.facts.value(node)
    if isinstance(value, Const) and isinstance(value.value, str):
        found = ctx.rules.find(f"tensorflow.keras.activations.{value.value}")
        if found is not None and found.kind == "activation" and not found.short:
            return str(found.target)
        return text
    rule = ctx.rules.find(name) if name else None
    if rule is not None and rule.kind == "activation":
        return f"'{rule.short}'" if rule.short else str(rule.target)
    return text


def one_minus(node: ast.expr, text: str) -> str:
    """`1 - x`, computed for a literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return repr(round(1 - node.value, 12))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        if isinstance(node.left, ast.Constant) and node.left.value in (1, 1.0):
            return text.split("-", 1)[1].strip()
    return template_over("1 - {}", text)


def template_over(template: str, text: str) -> str:
    """A one-place template filled with text, in parentheses where precedence needs them."""
    source = template.replace("{}", "_")
    module = Module("", source, ast.parse(source))
    expression = module.tree.body[0].value  # type: ignore[attr-defined]

    def rewrite(node: ast.AST) -> str | None:
        return text if isinstance(node, ast.Name) and node.id == "_" else None

    return Renderer(module, rewrite).expression(expression)


def fill(
    ctx: Context, module: Module, rule: Rule, template: str, bound: dict[str, ast.expr], render: Render, **extra: str
) -> str:
    """A template over legacy arguments; an omitted one is written as its legacy default."""
    source = template.replace("{", "_p_").replace("}", "_q_")
    parsed = Module("", source, ast.parse(source))
    expression = parsed.tree.body[0].value  # type: ignore[attr-defined]

    def rewrite(node: ast.AST) -> str | None:
        if not (isinstance(node, ast.Name) and node.id.startswith("_p_")):
            return None
        name = node.id[3:-3]
        if name in extra:
            return extra[name]
        if name in bound:
            return render(bound[name])
        default = default_source(rule, name)
        if default is None:
            raise ctx.refuse(rule.id, next(iter(bound.values()), ast.Pass()), module, f"argument `{name}` is missing")
        return default

    return Renderer(parsed, rewrite).expression(expression)
