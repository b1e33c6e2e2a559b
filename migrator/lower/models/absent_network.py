"""Where the network of a model_fn may be that makes no layer in sight: the call that hides it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator.analysis.values import Member, Opaque, Stage, Symbol, Value, options, stage_of
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

# names of TensorFlow and its companions that bring a network which is not written in the program
BRINGING = {
    "tensorflow.import_graph_def": "a frozen graph is imported",
    "tensorflow.graph_util.import_graph_def": "a frozen graph is imported",
    "tensorflow.saved_model.loader.load": "a SavedModel is loaded",
    "tensorflow.py_func": "Python code runs beside the graph",
}
COMPUTING = frozenset({"tensorflow", "builtins", "numpy", "six", "absl"})


def hidden(ctx: Context, module: Module, node: ast.FunctionDef) -> tuple[Module, ast.AST, str]:
    """(file, place, reason) of the first call in a model_fn that may make its network out of sight."""
    for inside, call in calls_reached(ctx, module, node):
        known = ctx.facts.value(call.func)
        for value in ctx.facts.callees.get(call, [known] if known is not None else []):
            for callee in options(value):
                reason = reason_of(ctx, call, callee)
                if reason:
                    return inside, call, f"no layers were found: {reason}"
    return module, node, "no layers were found in the model_fn"


def calls_reached(ctx: Context, module: Module, node: ast.FunctionDef) -> Iterator[tuple[Module, ast.Call]]:
    """The calls of the model_fn in source order, then those of the functions that it calls."""
    definitions = [(module, node), *((f[0].module, d) for d, f in ctx.facts.frames.items() if d is not node and f)]
    for inside, definition in definitions:
        calls = [n for n in every(definition, ast.Call) if n in ctx.facts.values]
        yield from ((inside, call) for call in sorted(calls, key=lambda c: (c.lineno, c.col_offset)))


def reason_of(ctx: Context, call: ast.Call, callee: Value) -> str:
    """Why a call may bring the network; "" where it does not."""
    name = ast.unparse(call.func)
    if name.split(".")[0] in sys.stdlib_module_names:
        return ""
    match callee:
        case Symbol():
            if callee.name in BRINGING:
                return f"{BRINGING[callee.name]} (`{name}`)"
            if callee.name.startswith("tensorflow_hub."):
                return f"`{name}` brings a network of TensorFlow Hub"
            library = callee.name.split(".")[0]
            if library not in COMPUTING and given_tensors(ctx, call):
                return f"`{name}` is not in the files read, and may make them"
        case Member(base=Opaque() as base) if stage_of(base) is Stage.STATIC and given_tensors(ctx, call):
            return f"what `{name}` stands for is not in the files read, and may make them"
        case Opaque() if given_tensors(ctx, call):
            return f"what `{name}` stands for is not in the files read, and may make them"
    return ""


def given_tensors(ctx: Context, call: ast.Call) -> bool:
    """True for a call that is handed a tensor."""
    given = [*call.args, *(k.value for k in call.keywords)]
    values = [ctx.facts.value(node.value if isinstance(node, ast.Starred) else node) for node in given]
    return any(stage_of(option) is Stage.CALL for value in values if value is not None for option in options(value))
