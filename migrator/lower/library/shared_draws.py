"""Initializers that several layers share: Keras draws the same numbers for each, TensorFlow 1 did not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, options
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

CONSTANT = frozenset(f"keras.initializers.{name}" for name in ("Zeros", "Ones", "Constant", "Identity"))
LOOPS = (ast.For, ast.While, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)


def own_draw(ctx: Context, module: Module, node: ast.expr, text: str) -> str:
    """The text of an initializer argument, as a clone where the object draws for other variables too.

    An unseeded Keras initializer keeps one seed: two layers that are given the object start with equal weights.
    """
    held = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
    shared = node in ctx.facts.repeated or may_be_shared(module, node)
    return f"{text}.clone()" if held and shared and is_random(ctx, node) else text


def is_random(ctx: Context, node: ast.expr) -> bool:
    """True for what surely is an object of the library that draws numbers."""
    value = ctx.facts.value(node)
    found = list(options(value)) if value is not None else []
    return bool(found) and all(isinstance(o, Result) and not o.part and draws(ctx, o.symbol) for o in found)


def draws(ctx: Context, symbol: str) -> bool:
    """True for an initializer whose values are random."""
    rule = ctx.rules.find(symbol)
    return rule is not None and rule.kind == "initializer" and rule.target not in CONSTANT


def may_be_shared(module: Module, node: ast.expr) -> bool:
    """False for a local name that is bound in the function and read there once, outside of loops."""
    functions = [f for f in every(module.tree, ast.FunctionDef) if node in descendants(f)]
    if not isinstance(node, ast.Name) or not functions:
        return True
    inside = list(descendants(functions[-1]))
    named = [n for n in inside if isinstance(n, ast.Name) and n.id == node.id]
    stored = any(isinstance(n.ctx, ast.Store) for n in named)
    looped = any(isinstance(n, LOOPS) and node in descendants(n) for n in inside)
    return not stored or looped or sum(isinstance(n.ctx, ast.Load) for n in named) > 1
