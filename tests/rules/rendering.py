"""Renders a legacy call into its target by the rulebook alone, so that the proof tests the data and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from migrator.rulebook import Refusal, Rule, bind, expand, load, target_of


def legacy_call(rule: Rule, arguments: Mapping[str, str], positional: Sequence[str] = ()) -> str:
    """The legacy call under the first of the rule's legacy names; all but `positional` as keywords."""
    name = rule.legacy[0].replace("tensorflow.", "tf.", 1)
    if ".python." in name:  # a private module, which is not an attribute of its package everywhere
        module, _, function = rule.legacy[0].rpartition(".")
        name = f"importlib.import_module('{module}').{function}"
    return f"{name}({', '.join([*positional, *(f'{key}={value}' for key, value in arguments.items())])})"


def bound_call(rule: Rule, source: str) -> dict[str, ast.expr]:
    """The call's arguments by legacy name; a refusal fails the test that asked."""
    call = ast.parse(source, mode="eval").body
    assert isinstance(call, ast.Call)
    bound = bind(rule, call, handles=("choose", "then", "or"))
    assert not isinstance(bound, Refusal), f"{rule.id}: {bound}"
    return bound


def target_call(rule: Rule, source: str, target: str | None = None) -> str:
    """The target's constructor or function call for a legacy call."""
    bound = bound_call(rule, source)
    chosen = target or target_of(rule, bound)
    assert isinstance(chosen, str), f"{rule.id}: {chosen}"
    arguments = []
    for argument in rule.args:
        value = bound.get(argument.source) if argument.source else None
        if value is not None:
            text = converted(argument.converter, value)
            if text != argument.omit:
                arguments.append(f"{argument.name}={text}")
        elif argument.alternative is not None and argument.alternative in bound:
            arguments.append(f"{argument.name}={ast.unparse(bound[argument.alternative])}")
        elif argument.default is not None:
            arguments.append(f"{argument.name}={argument.default}")
    return f"{chosen}({', '.join(arguments)})"


def filled(rule: Rule, template: str, source: str, **others: str) -> str:
    """A template over the legacy arguments of a call; what the call omits is its legacy default."""
    from migrator.rulebook import parameters

    values = {**parameters(rule.signature or "").defaults, **bound_call(rule, source)}
    values.update((name, ast.parse(text, mode="eval").body) for name, text in others.items())
    return ast.unparse(expand(template, values))


def converted(converter: str | None, value: ast.expr) -> str:
    """One argument after its converter."""
    if converter is None or (isinstance(value, ast.Constant) and value.value is None and "{}" not in converter):
        return target_value(value)
    if converter == "padding" and isinstance(value, ast.Constant):
        return repr(str(value.value).lower())
    if converter == "one_minus":
        return ast.unparse(expand("1 - {}", {"": value}))
    if "{}" in converter:
        return ast.unparse(expand(converter, {"": ast.parse(target_value(value), mode="eval").body}))
    if converter == "activation":
        text = isinstance(value, ast.Constant)
        name = f"tensorflow.keras.activations.{value.value}" if isinstance(value, ast.Constant) else _canonical(value)
        rule = load().find(name)
        assert rule is not None and (text or rule.short is not None), ast.unparse(value)
        return repr(rule.short) if rule.short else str(rule.target)
    return target_value(value)


def target_value(value: ast.expr) -> str:
    """An expression in which every legacy call with a rule became its target."""
    if isinstance(value, ast.Call):
        rule = load().find(_canonical(value.func))
        if rule is not None and rule.kind in ("initializer", "regularizer", "schedule", "layer_class"):
            return target_call(rule, ast.unparse(value))
    return ast.unparse(Columns().visit(value))


class Columns(ast.NodeTransformer):
    """Feature columns of tf.contrib.layers, wherever they stand in an expression, as those of today."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """The columns inside first."""
        inner = self.generic_visit(node)
        assert isinstance(inner, ast.Call)
        rule = load().find(_canonical(inner.func))
        if rule is None or rule.kind != "rename" or not rule.legacy[0].startswith("tensorflow.contrib.layers."):
            return inner
        return ast.parse(target_call(rule, ast.unparse(inner)), mode="eval").body


def _canonical(node: ast.expr) -> str:
    return ast.unparse(node).replace("tf.", "tensorflow.", 1)
