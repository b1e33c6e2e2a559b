"""The data that a call of an Estimator gets: an input function as a dataset."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import NONE, Function, Opaque, Partial, Result, Value, options
from migrator.detect.program import Use
from migrator.detect.uses import functions_of
from migrator.emit.fragments import call_text
from migrator.lower.programs import input_arguments, tensor_inputs
from migrator.lower.programs.groups import given
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from migrator.lower.programs.group import Group
    from migrator.lower.programs.groups import Render
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


TABLES = {  # input functions made of arrays or tables: the dataset that takes their place
    "tensorflow.estimator.inputs.numpy_input_fn": "support.numpy_dataset",
    "tensorflow.contrib.learn.io.numpy_input_fn": "support.numpy_dataset",
    "tensorflow.estimator.inputs.pandas_input_fn": "support.pandas_dataset",
}


def raw_names(value: Value | None) -> set[str]:
    """The keywords written in a call, None included."""
    return {k.arg for k in value.call.keywords if k.arg} if isinstance(value, Result) else set()


def dataset_text(group: Group, module: Module, node: ast.expr, use: Use, render: Render, mode: str) -> str:
    """The dataset that an input_fn argument gives when it is called."""
    ctx = group.ctx
    value = ctx.facts.value(node)
    if tensor_inputs.returns_tensors(ctx, value):
        return tensors_text(group, module, node, use, render, mode)
    if isinstance(node, ast.Lambda):
        return input_arguments.lambda_text(group, use, mode, node, render)
    found = options(value) if value is not None else ()
    if any(input_arguments.asks_for_more(option) for option in found):
        raise ctx.refuse("input-fn", node, module, "the input function takes arguments from nobody in sight")
    asked = {frozenset(input_arguments.asked(option)) for option in found} or {frozenset()}
    if len(asked) > 1:
        raise ctx.refuse("input-fn", node, module, "input functions that ask for different arguments stand for another")
    extra = input_arguments.arguments(group, use, mode, set(asked.pop()), node, render)
    made = [o for o in options(value) if isinstance(o, Result)] if value is not None else []
    if any(o.symbol in TABLES for o in made):
        if not all(o.symbol in TABLES for o in made) or functions_of(value):
            raise ctx.refuse("input-fn", node, module, "the input function is one of several kinds")
        return render(node)
    for option in made:
        if ".inputs." in option.symbol:
            raise ctx.refuse("input-fn", node, module, f"`{option.symbol}` has no counterpart yet")
    if not functions_of(value) and not isinstance(value, Opaque):
        raise ctx.refuse("input-fn", node, module, "the input function cannot be followed")
    if isinstance(node, ast.Call) and isinstance(value, Partial) and node.args:
        shown = [render(a) for a in node.args[1:]] + [f"{k.arg}={render(k.value)}" for k in node.keywords]
        return call_text(render(node.args[0]), shown + extra)
    return call_text(render(node), extra)


def tensors_text(group: Group, module: Module, node: ast.expr, use: Use, render: Render, mode: str) -> str:
    """`tensor_batches(input_fn)`: what the function returns for each step."""
    ctx, value = group.ctx, group.ctx.facts.value(node)
    plain = isinstance(node, ast.Lambda) or all(isinstance(o, Function) for o in options(value or NONE))
    names = {name for option in options(value or NONE) for name in input_arguments.asked(option)}
    if not plain or names:
        message = "an input function that returns tensors takes arguments: give it a lambda without parameters"
        raise ctx.refuse("input-fn", node, module, message)
    return ctx.use(module, call_text("support.tensor_batches", [render(node)]))


def table_text(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str:
    """`numpy_dataset(...)` for numpy_input_fn: the dataset itself stands where the input function stood."""
    signature = symbol.replace("contrib.learn.io.", "estimator.inputs.")
    arguments = given(call, signature)
    if "target_column" in arguments:  # its value is only a name inside of the queue that was read
        ctx.note("pandas-target-column", "info", module, call, "`target_column` named nothing that is read: dropped")
    shown = [render(arguments["x"])]
    names = ("y", "batch_size", "num_epochs", "shuffle")
    written = {k.arg for k in call.keywords} | set(parameters(SIGNATURES[signature]).positional[: len(call.args)])
    for name in names:
        if name in arguments:
            shown.append(f"{name}={render(arguments[name])}")
        elif name == "num_epochs" and name in written:
            shown.append("num_epochs=None")
    return ctx.use(module, call_text(TABLES[symbol], shown))
