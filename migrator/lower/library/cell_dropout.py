"""Dropout around recurrent cells: what a DropoutWrapper becomes, and the arguments that follow the mode.

Layers are made once, for all modes: they are made as for training, and the dropout follows the mode by itself.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL, Specialiser, mode_condition, walk
from migrator.analysis.values import Const, Function, Sequence, options, same
from migrator.emit.fragments import Renderer, call_text
from migrator.lower.library.cells import Render, arguments_of, check_tuple_state, is_cell, kind_of, layer_text, masked
from migrator.lower.library.rule_arguments import one_minus
from migrator.lower.reading.owning import owns
from migrator.lower.reading.symbols import called_symbol
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def rewritten(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str:
    """The text of a cell's constructor where it stands: a layer, a layer with dropout, or a list of layers."""
    kind = kind_of(symbol)
    if symbol.endswith(".LSTMStateTuple"):
        shown = [*map(render, call.args), *(f"{k.arg}={render(k.value)}" for k in call.keywords)]
        return ctx.use(module, call_text("support.LSTMStateTuple", shown))
    if not kind:
        raise ctx.refuse("rnn-cell", call, module, f"`{symbol.rsplit('.', 1)[-1]}` is not measured")
    given = arguments_of(ctx, module, call, symbol)
    if kind == "MultiRNNCell":
        check_tuple_state(ctx, module, call, given)
        return render(given["cells"])
    if kind == "TimeReversedFusedRNN":
        return render(given["cell"])
    if kind == "DropoutWrapper":
        return dropout_text(ctx, module, call, given, render)
    function = function_around(module, call)
    alone = function is None or not owns(ctx, function)  # another model may call it, and give lengths
    return layer_text(ctx, module, call, symbol, render, alone or masked(ctx))


def dropout_text(ctx: Context, module: Module, call: ast.Call, given: dict[str, ast.expr], render: Render) -> str:
    """`support.StepDropout(...)` for a DropoutWrapper."""
    for name, neutral in (("state_keep_prob", 1), ("variational_recurrent", False)):
        value = ctx.facts.value(given[name]) if name in given else Const(neutral)
        if not isinstance(value, Const) or value.value != neutral or value.mode:
            message = f"`{name}` of a DropoutWrapper is not measured"
            raise ctx.refuse("rnn-dropout", given[name], module, message)
    if not ctx.facts.values.get(call):
        raise ctx.refuse("rnn-dropout", call, module, "no model was seen to use it: when it acts is not known")
    arguments = [render(given["cell"])]
    kept = keep_probs(ctx, given)
    for name, node in kept.items():
        chosen, text = in_training(ctx, module, node, render)
        arguments.append(f"{name.replace('keep_prob', 'rate')}={one_minus(chosen, text)}")
    if kept and not follows_mode(ctx, module, call, kept):
        arguments.append("in_every_mode=True")
        message = "the DropoutWrapper drops in evaluation and prediction too, as before: its keep_prob ignores the mode"
        ctx.note("rnn-dropout", "warning", module, call, message)
    return ctx.use(module, call_text("support.StepDropout", arguments)) if kept else arguments[0]


def keep_probs(ctx: Context, given: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """The arguments of a DropoutWrapper that drop something."""
    found: dict[str, ast.expr] = {}
    for name in ("input_keep_prob", "output_keep_prob"):
        if name in given:
            by_mode = ctx.facts.values.get(given[name], {}).values()
            if not by_mode or not all(isinstance(v, Const) and v.value in (1, 1.0) for v in by_mode):
                found[name] = given[name]
    return found


def follows_mode(ctx: Context, module: Module, call: ast.Call, kept: dict[str, ast.expr]) -> bool:
    """Whether dropout acts in training alone; refuses what is neither that nor the same in every mode."""
    if only_trains(ctx, call):
        return True
    found = {depends(ctx, module, node) for node in kept.values()}
    for node in kept.values():
        if depends(ctx, module, node):
            check_keeps_all(ctx, module, node)
    if len(found) > 1:
        raise ctx.refuse("rnn-dropout", call, module, "one keep_prob follows the mode and the other does not")
    return found == {True}


def check_keeps_all(ctx: Context, module: Module, node: ast.expr) -> None:
    """Refuse a keep_prob that may drop something outside of training."""
    for mode, value in ctx.facts.values.get(node, {}).items():
        if mode != "train" and not (isinstance(value, Const) and value.value in (1, 1.0)):
            raise ctx.refuse("rnn-dropout", node, module, "the keep_prob is not surely 1 outside of training")


def depends(ctx: Context, module: Module, node: ast.expr) -> bool:
    """Whether an expression may be another one in another mode, through the names that it reads too."""
    values = list(ctx.facts.values.get(node, {}).values())
    if ctx.facts.mode_dependent(node) or any(not same(a, b) for a, b in itertools.pairwise(values)):
        return True
    inner = function_around(module, node)
    names = {n.id for n in every(node, ast.Name)}
    bound = frozenset(stored(inner)) if inner is not None else frozenset()
    return bool(names & bound) and inner is not None and bool(names & bound_by_mode(ctx, inner))


def bound_by_mode(ctx: Context, function: ast.FunctionDef) -> frozenset[str]:
    """The names of a function that may hold another value in another mode."""
    found: set[str] = set()
    before = -1
    while before != len(found):
        before = len(found)
        for node in descendants(function):
            if isinstance(node, ast.If) and ctx.facts.mode_dependent(node.test):
                found |= set(stored(node))
            elif isinstance(node, ast.Assign):
                inside = list(descendants(node.value))
                read = {n.id for n in inside if isinstance(n, ast.Name)}
                if read & found or any(isinstance(n, ast.IfExp) and ctx.facts.mode_dependent(n.test) for n in inside):
                    found |= set(stored(node))
    return frozenset(found)


def only_trains(ctx: Context, call: ast.Call) -> bool:
    """True for a wrapper that is made in training alone."""
    return ctx.facts.values.get(call, {}).keys() == {"train"}


def in_training(
    ctx: Context, module: Module, node: ast.expr, render: Render, read: list[ast.expr] | None = None
) -> tuple[ast.expr, str]:
    """What an expression that depends on the mode is in training, as node and text; `read` gets what is left of it."""
    chosen = node

    def rewrite(inner: ast.AST) -> str | None:
        nonlocal chosen
        if not isinstance(inner, ast.expr):
            return None
        if not depends(ctx, module, inner):
            if read is not None:
                read.append(inner)
            return render(inner)
        told = ctx.facts.values.get(inner, {}).get("train")
        if isinstance(told, Const) and isinstance(told.value, (bool, str)):
            return repr(told.value)  # the flag itself
        if is_parameter(ctx, module, inner):
            return module.segment(inner)  # the caller passes what it is in training
        branch = training_branch(ctx, module, inner)
        if branch is None:
            return None
        found, text = in_training(ctx, module, branch, render, read)
        if inner is node:
            chosen = found
        return text

    text = Renderer(module, rewrite).expression(node)
    return chosen, text


def training_branch(ctx: Context, module: Module, node: ast.expr) -> ast.expr | None:
    """The expression that a conditional or a name stands for in training; None for other expressions."""
    if isinstance(node, ast.IfExp):
        holds = mode_condition(ctx.facts, node.test, frozenset(("train", "eval", "infer")))
        if holds is None:
            raise ctx.refuse("rnn-dropout", node, module, "the keep_prob does not follow from the mode alone")
        return node.body if "train" in holds else node.orelse
    if not isinstance(node, ast.Name):
        return None
    inner = function_around(module, node)
    found: list[ast.expr] = []
    if inner is not None:
        steps, _ = Specialiser(ctx.facts).block(inner.body, frozenset({"train"}), inner.body[0].lineno - 1)
        for step in walk(steps):
            if step.kind == "simple" and node.id in stored(step.node):
                single = isinstance(step.node, ast.Assign) and isinstance(step.node.targets[0], ast.Name)
                found.append(step.node.value if single and isinstance(step.node, ast.Assign) else node)
    again = {n.id for n in every(found[0], ast.Name)} if found else set()
    stores = list(stored(inner)) if inner is not None else []
    if len(found) != 1 or found[0] is node or any(stores.count(name) > 1 for name in again):
        message = f"`{node.id}` depends on the mode in a way that is not followed"
        raise ctx.refuse("rnn-dropout", node, module, message)
    return found[0]


def function_around(module: Module, node: ast.AST) -> ast.FunctionDef | None:
    """The innermost function that an expression stands in."""
    around = [n for n in every(module.tree, ast.FunctionDef) if node in descendants(n)]
    return min(around, key=lambda n: (n.end_lineno or n.lineno) - n.lineno, default=None)


def is_parameter(ctx: Context, module: Module, node: ast.expr) -> bool:
    """True for a parameter, bound nowhere else, of a function that makes cells and no variables."""
    inner = function_around(module, node)
    if inner is None or not isinstance(node, ast.Name) or owns(ctx, inner) or node.id in stored(inner):
        return False
    return node.id in {p.arg for p in (*inner.args.posonlyargs, *inner.args.args, *inner.args.kwonlyargs)}


def told_to_train(ctx: Context, module: Module, call: ast.Call, render: Render) -> str | None:
    """The call of a function that makes cells, with what its arguments are in training; None for other calls.

    The cells that it makes follow the mode by themselves.
    """
    if not makes_cells(ctx, call):
        return None
    following = follow_mode(ctx, module, call)
    for argument in following:
        value = ctx.facts.values.get(argument, {}).get("train")
        if not (isinstance(value, Const) and isinstance(value.value, (bool, str))):
            check_keeps_all(ctx, module, argument)
    told = {a: in_training(ctx, module, a, render)[1] for a in following}
    return Renderer(module, lambda n: told.get(n) if isinstance(n, ast.expr) else None).inside(call) if told else None


def beside_mode(ctx: Context, function: ast.FunctionDef, node: ast.AST) -> list[ast.expr] | None:
    """Of the test of a branch that only wraps cells in dropout in training, what does not tell the mode.

    None for other expressions. The dropout follows the mode by itself.
    """
    if not isinstance(node, ast.BoolOp) or not isinstance(node.op, ast.And):
        return None
    branches = [n for n in every(function, ast.If) if n.test is node]
    if not branches or not Specialiser(ctx.facts).only_wraps(branches[0]):
        return None
    telling = [o for o in node.values if mode_condition(ctx.facts, o, ALL) == frozenset({"train"})]
    rest = [o for o in node.values if o not in telling]
    plain = not any(ctx.facts.mode_dependent(o) or isinstance(o, (ast.BoolOp, ast.IfExp)) for o in rest)
    return rest if telling and rest and plain else None


def makes_cells(ctx: Context, call: ast.Call) -> bool:
    """True for the call of a project function that gives cells, in a list or alone."""
    callees = [o for callee in ctx.facts.callees.get(call, []) for o in options(callee)]
    if not callees or not all(isinstance(c, Function) and not owns(ctx, c.node) for c in callees):
        return False
    value = ctx.facts.value(call)
    if value is None:
        return False
    given = [i for o in options(value) for item in (o.items if isinstance(o, Sequence) else [o]) for i in options(item)]
    return bool(given) and all(map(is_cell, given))


def follow_mode(ctx: Context, module: Module, call: ast.Call) -> list[ast.expr]:
    """The arguments that depend on the mode."""
    return [a for a in (*call.args, *(k.value for k in call.keywords)) if depends(ctx, module, a)]


def stored(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds."""
    return (n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Store))


def static_reads(ctx: Context, module: Module, function: ast.FunctionDef, call: ast.AST) -> list[ast.expr] | None:
    """What is read at construction by a DropoutWrapper, or a test around one; None for other expressions."""

    if not isinstance(call, ast.Call):
        return beside_mode(ctx, function, call)
    symbol = called_symbol(ctx, call) or ""
    following = follow_mode(ctx, module, call) if makes_cells(ctx, call) else []
    if following:
        read: list[ast.expr] = [call.func]
        for argument in (*call.args, *(k.value for k in call.keywords)):
            if argument in following:
                in_training(ctx, module, argument, lambda inner: "_", read)
            else:
                read.append(argument)
        return read
    if kind_of(symbol) != "DropoutWrapper":
        return None
    given = arguments_of(ctx, module, call, symbol)
    read = [given["cell"]]
    for node in keep_probs(ctx, given).values():
        in_training(ctx, module, node, lambda inner: "_", read)
    return read
