"""Input functions that return tensors: what TensorFlow 1 computed anew for each step is a dataset without end."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, Mapping, Result, Sequence, Value, options
from migrator.detect.uses import functions_of
from migrator.lower.programs import inputs
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context

DATA = ("dataset", ".data.", "get_next", "iterator", "placeholder")


def returns_tensors(ctx: Context, value: Value | None) -> bool:
    """True for functions that surely return tensors, none of which comes from a dataset."""
    found = functions_of(value)
    return bool(found) and all(is_of_tensors(ctx, function) for function in found)


def is_of_tensors(ctx: Context, function: Function) -> bool:
    """True where some part of what a function returns is a tensor, and no dataset is in sight in it."""
    if reads_datasets(ctx, function.node, 0):
        return False
    frames = ctx.facts.frames.get(function.node, [])
    returned = [o for frame in frames if frame.returned is not None for o in options(frame.returned)]
    parts = [part for value in returned for part in leaves(value)]
    symbols = [part.symbol for part in parts if isinstance(part, Result)]
    if any(mark in symbol.lower() for symbol in symbols for mark in DATA):
        return False
    return bool(returned) and any(symbol.startswith("tensorflow.") for symbol in symbols)


def reads_datasets(ctx: Context, node: ast.AST, depth: int) -> bool:
    """Whether a function, or one that it calls, takes elements of a dataset."""
    if isinstance(node, ast.FunctionDef) and inputs.one_shots(node):
        return True
    called = [c for call in every(node, ast.Call) for c in ctx.facts.callees.get(call, [])]
    inner = [o.node for callee in called for o in options(callee) if isinstance(o, Function)]
    return depth < 3 and any(reads_datasets(ctx, other, depth + 1) for other in inner if other is not node)


def leaves(value: Value) -> list[Value]:
    """The values that tuples and dictionaries hold."""
    match value:
        case Sequence():
            return [leaf for item in value.items for option in options(item) for leaf in leaves(option)]
        case Mapping():
            return [leaf for item in value.items.values() for option in options(item) for leaf in leaves(option)]
    return [value]
