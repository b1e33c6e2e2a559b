"""Attributes of tensors and shapes that TensorFlow 2 has in another form, or only in a graph."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.signatures import VARIABLES
from migrator.analysis.values import Opaque, Result, Stage, Value, options, stage_of

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context


def text_of(ctx: Context, node: ast.AST, render: Callable[[ast.AST], str]) -> str | None:
    """`x.shape[0]` for `x.shape[0].value`, and a name that is None where a tensor has none; None for other nodes."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    if is_dimension_value(ctx, node):
        return render(node.value)
    if is_tensor_name(ctx, node):
        return f"getattr({render(node.value)}, 'name', None)"
    return None


def is_dimension_value(ctx: Context, node: ast.Attribute) -> bool:
    """True for `x.shape[0].value`: the dimensions of TensorFlow 2 are numbers themselves."""
    value = ctx.facts.value(node.value) if node.attr == "value" else None
    return value is not None and stage_of(value) is Stage.SHAPE


def is_tensor_name(ctx: Context, node: ast.Attribute) -> bool:
    """True for the name of a tensor: outside of a graph, asking for it raises AttributeError."""
    value = ctx.facts.value(node.value) if node.attr == "name" else None
    return value is not None and all(is_tensor(option) for option in options(value))


def is_tensor(value: Value) -> bool:
    """True for an input of the model, and what a library call gives but for variables and scopes, which have names."""
    if not isinstance(value, Result):
        return isinstance(value, Opaque) and value.stage is Stage.CALL
    named = value.symbol in VARIABLES or any(part in value.symbol for part in ("variable", "collection", "scope"))
    return value.stage is Stage.CALL and not named
