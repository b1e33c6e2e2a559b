"""Transformations of datasets that became arguments: `apply(batch_and_drop_remainder(n))` is `batch(n, ...)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.emit.fragments import call_text
from migrator.lower.reading import symbols

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.lower.reading.context import Context

# the transformation -> the method that it is with drop_remainder=True, and its parameters (read in TF 1.15.5)
DROPPING = {
    "tensorflow.contrib.data.batch_and_drop_remainder": ("batch", ("batch_size",)),
    "tensorflow.contrib.data.padded_batch_and_drop_remainder": (
        "padded_batch",
        ("batch_size", "padded_shapes", "padding_values"),
    ),
}


def applied_text(ctx: Context, node: ast.Call, render: Callable[[ast.AST], str]) -> str | None:
    """`dataset.batch(n, drop_remainder=True)` for such an `apply`; None for any other call."""
    given = [*node.args, *(k.value for k in node.keywords)]
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "apply" or len(given) != 1:
        return None
    made = given[0]
    symbol = symbols.called_symbol(ctx, made) if isinstance(made, ast.Call) else None
    if symbol not in DROPPING or not isinstance(made, ast.Call):
        return None
    method, names = DROPPING[symbol]
    if len(made.args) > len(names) or any(isinstance(a, ast.Starred) for a in made.args):
        return None
    shown = [render(a) for a in made.args]
    shown += [f"{k.arg}={render(k.value)}" if k.arg else f"**{render(k.value)}" for k in made.keywords]
    return call_text(f"{render(node.func.value)}.{method}", [*shown, "drop_remainder=True"])
