"""Devices by name stay where they are; a function that places each operation of a graph has no counterpart."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, Partial, options
from migrator.emit.fragments import call_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

SYMBOL = "tensorflow.device"


def device_text(ctx: Context, module: Module, node: ast.Call, render: Callable[[ast.AST], str]) -> str | None:
    """The call of `tf.device`; None for one that stays as it is written. Refuses a function in place of a name."""
    given = [*node.args, *(k.value for k in node.keywords)]
    for argument in given:
        value = ctx.facts.value(argument)
        placing = value is not None and any(isinstance(o, (Function, Partial)) for o in options(value))
        if placing or isinstance(argument, ast.Lambda):
            message = "a function places the operations of a graph; tf.device takes a name alone"
            raise ctx.refuse("device-function", argument, module, message)
    return call_text(render(node.func), [render(argument) for argument in given]) if node.keywords else None
