"""What a TPUEstimatorSpec has and an EstimatorSpec has not: metrics and host calls as a function and its tensors."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser
from migrator.analysis.values import Function, Member, Opaque, Partial, Result, Symbol, options
from migrator.lower.reading import symbols
from migrator.lower.reading.slices import last_assigned
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

# what a host call may do besides writing summaries: arithmetic on what is written, and reading its tensors
SUMMARIES = ("tensorflow.summary.", "tensorflow.contrib.summary.", "tensorflow.compat.v2.summary.")
METHODS = frozenset({"as_default", "format", "items", "keys", "values", "get", "get_shape", "as_list", "append"})
WRITING = frozenset({"builtins.open", "builtins.exec", "builtins.eval", "builtins.setattr"})
READING = frozenset(
    {
        "tensorflow.reduce_mean",
        "tensorflow.reduce_sum",
        "tensorflow.reduce_max",
        "tensorflow.reshape",
        "tensorflow.cast",
        "tensorflow.squeeze",
        "tensorflow.identity",
        "tensorflow.convert_to_tensor",
        "tensorflow.name_scope",
        "tensorflow.device",
        "tensorflow.control_dependencies",
        "tensorflow.group",
        "tensorflow.no_op",
        "tensorflow.equal",
        "tensorflow.train.get_global_step",
        "tensorflow.train.get_or_create_global_step",
    }
)


def applied_metrics(ctx: Context, module: Module, node: ast.FunctionDef, spec: ast.Call, given: ast.expr) -> ast.Call:
    """The call of the metric function on its tensors, which the library makes; raises Refused when it is not in sight.

    The call is the node that the analysis evaluated; here it gets its callee and its arguments as the source has them.
    """
    call = ctx.facts.applied.get((spec, "eval_metrics"))
    steps, _ = Specialiser(ctx.facts).block(node.body, frozenset({"eval"}), node.body[0].lineno - 1)
    pair = last_assigned(steps, given)
    if call is None or not isinstance(pair, (ast.Tuple, ast.List)) or len(pair.elts) != 2:
        raise not_followed(ctx, module, given)
    function, tensors = pair.elts[0], last_assigned(steps, pair.elts[1])
    before, named = [], []
    if isinstance(function, ast.Call) and symbols.called_symbol(ctx, function) == "functools.partial":
        # what the function is given before its tensors stands before them in its call
        before, named, function = function.args[1:], function.keywords, function.args[0]
        known = [o for value in ctx.facts.callees[call] for o in options(value)]
        ctx.facts.callees[call] = [o.function if isinstance(o, Partial) else o for o in known]
    if isinstance(function, ast.Lambda) or not isinstance(function, (ast.Name, ast.Attribute)):
        raise ctx.refuse("spec-eval-metrics", given, module, "the metric function is made where the spec is")
    call.func = function
    by_name = keyed(ctx, tensors)
    in_order = listed(tensors)
    if by_name is None and in_order is None:
        raise not_followed(ctx, module, given)
    call.args = [*before, *(in_order or [])]
    call.keywords = [*named, *(by_name or [])]
    if any(isinstance(argument, ast.Starred) for argument in call.args) or any(k.arg is None for k in call.keywords):
        raise not_followed(ctx, module, given)
    return call


def listed(node: ast.expr) -> list[ast.expr] | None:
    """The items of a list display, or of several put together."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return list(node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = listed(node.left), listed(node.right)
        return [*left, *right] if left is not None and right is not None else None
    return None


def keyed(ctx: Context, node: ast.expr) -> list[ast.keyword] | None:
    """The items of a dict display or a call of `dict`, as keyword arguments."""
    if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
        pairs = zip(node.keys, node.values, strict=True)
        return [ast.keyword(str(getattr(k, "value", "")), v) for k, v in pairs]
    if isinstance(node, ast.Call) and symbols.called_symbol(ctx, node) == "builtins.dict" and not node.args:
        return list(node.keywords)
    return None


def not_followed(ctx: Context, module: Module, given: ast.expr) -> Exception:
    """The refusal of metrics whose function or tensors are not written in the model_fn."""
    return ctx.refuse("spec-eval-metrics", given, module, "the metric function and its tensors cannot be followed")


def only_summarises(ctx: Context, spec: ast.Call) -> bool:
    """True when a host call writes summaries and nothing else."""
    call = ctx.facts.applied.get((spec, "host_call"))
    if call is None:
        return False
    functions = [o for value in ctx.facts.callees.get(call, []) for o in options(value)]
    return bool(functions) and all(isinstance(f, Function) and writes_summaries(ctx, f.node) for f in functions)


def writes_summaries(ctx: Context, function: ast.AST) -> bool:
    """True when each call in a function writes a summary, or only computes what is written."""
    for node in descendants(function):
        if not isinstance(node, ast.Call):
            continue
        callees = [o for value in ctx.facts.callees.get(node, []) for o in options(value)]
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        for callee in callees:
            match callee:
                case Function():
                    if not writes_summaries(ctx, callee.node):
                        return False
                case Symbol():
                    silent = callee.name.startswith((*SUMMARIES, "builtins.")) or callee.name in READING
                    if not silent or callee.name in WRITING:
                        return False
                case Member() | Result() if method in METHODS:
                    continue
                case _:
                    return False
        if not callees:
            return False  # it was never reached: what it does is not known
    return True


def reads_batch_size(ctx: Context) -> bool:
    """True when a function that makes part of a model reads `params["batch_size"]`."""
    for definition in ctx.facts.frames:
        for node in descendants(definition):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
                key, base = node.slice, node.value
                if isinstance(key, ast.Constant) and key.value == "batch_size" and is_unknown(ctx, base):
                    return True
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and first.value == "batch_size":
                    if is_unknown(ctx, node.func.value):
                        return True
    return False


def is_unknown(ctx: Context, node: ast.expr) -> bool:
    """True for an expression that may be the params: nothing in sight made it."""
    value = ctx.facts.value(node)
    return value is not None and any(isinstance(o, Opaque) for o in options(value))
