"""`normalizer_fn` of contrib layers: the layer, what normalises its result, and the activation, in a Sequential."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.written import new
from migrator.lower.reading.symbols import called_symbol
from migrator.rulebook import Refusal as BindRefusal
from migrator.rulebook import Rule, bind, parameters

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

NORMS = frozenset({"contrib-batch-norm", "contrib-layer-norm"})
OWN = ("normalizer_fn", "normalizer_params")
ACTIVATION, BIAS = "activation_fn", "biases_initializer"
OUTSIDE = ("scope", "reuse", ACTIVATION)  # what normalises lies in the layer's scope, and before its activation
Arguments = dict[str, ast.expr]
NONE = new(ast.Constant(None))


def normalizer(ctx: Context, module: Module, call: ast.Call) -> ast.Call | None:
    """The call that normalises what a layer makes, its input left open; None for a layer without one."""
    found = ctx.facts.normalizers.get(call, [])
    if not found or found == ["none"]:
        return None
    made = found[0]
    if len(found) > 1 or not isinstance(made, ast.Call):
        message = "whether, and how, the result of a layer is normalised cannot be told where it is called"
        raise ctx.refuse("normalizer", call, module, message)
    rule = ctx.rules.find(called_symbol(ctx, made) or "")
    if rule is None or rule.id not in NORMS or any(k.arg in OUTSIDE for k in made.keywords):
        raise ctx.refuse("normalizer", call, module, "what normalises the result of a layer is not measured inside it")
    return made


def averages(ctx: Context, call: ast.Call) -> bool:
    """True for a layer with a batch norm inside."""
    made = [one for one in ctx.facts.normalizers.get(call, []) if isinstance(one, ast.Call)]
    return any((called_symbol(ctx, one) or "").endswith("batch_norm") for one in made)


def rule_of(ctx: Context, norm: ast.Call) -> Rule:
    """The rule of what normalises."""
    rule = ctx.rules.find(called_symbol(ctx, norm) or "")
    assert rule is not None
    return rule


def complete(norm: ast.Call) -> ast.Call:
    """The call of what normalises, with something for its input."""
    return ast.copy_location(ast.Call(norm.func, [NONE], norm.keywords), norm)


def given(ctx: Context, module: Module, norm: ast.Call) -> dict[str, ast.expr]:
    """The arguments of what normalises, by legacy name."""
    found = bind(rule_of(ctx, norm), complete(norm))
    if isinstance(found, BindRefusal):
        raise ctx.refuse("normalizer", norm, module, found.reason)
    return {name: node for name, node in found.items() if node is not NONE}


def as_arguments(ctx: Context, module: Module, rule: Rule | None, whole: ast.Call, call: ast.Call) -> Arguments:
    """What normalises, what comes after it, and how often, as arguments of the layer: to compare layers by."""
    norm = normalizer(ctx, module, call)
    times: Arguments = {"repetitions": call.args[1]} if call in ctx.facts.repeats else {}
    if norm is None or rule is None:
        return times
    last = activation(rule, whole)
    return {OWN[0]: norm} | times | ({} if last is None else {ACTIVATION: last})


def alone(rule: Rule, call: ast.Call, normalised: bool) -> ast.Call:
    """The layer without what normalises it: one that is normalised has no bias, and its activation comes last."""
    names = parameters(rule.signature or "").positional
    named = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    gone = {*OWN, ACTIVATION, BIAS} if normalised else set(OWN)
    if not gone & {name for name, _ in named}:
        return call
    count = next((i for i, (name, _) in enumerate(named[: len(call.args)]) if name in gone), len(call.args))
    keywords = [ast.keyword(name, node) for name, node in named[count:] if name not in gone]
    keywords += [ast.keyword(name, NONE) for name in (ACTIVATION, BIAS) if normalised]
    return ast.copy_location(ast.Call(call.func, call.args[:count], keywords), call)


def activation(rule: Rule, call: ast.Call) -> ast.expr | None:
    """The activation that a call with all its arguments gives; None where it leaves that to the default."""
    names = parameters(rule.signature or "").positional
    named = [*zip(names, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
    return dict(named).get(ACTIVATION)
