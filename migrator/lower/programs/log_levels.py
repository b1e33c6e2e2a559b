"""Log levels looked up by name in the module of TensorFlow 1: the numbers of Python's own logging."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

TABLE = "tensorflow.logging.__dict__"


def level_text(ctx: Context, module: Module, node: ast.AST, render: Callable[[ast.AST], str]) -> str | None:
    """`logging.converter.string_to_standard(name)` for `tf.logging.__dict__[name]`; None for anything else."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Load):
        return None
    value = ctx.facts.value(node.value)
    if not isinstance(value, Symbol) or value.name != TABLE:
        return None
    return ctx.use(module, f"absl.logging.converter.string_to_standard({render(node.slice)})")
