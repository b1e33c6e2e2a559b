"""`tf.train.Saver(variables).restore(session, path)` in the init_fn of a Scaffold: a model that begins with them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.values import Mapping, Result, Sequence
from migrator.lower.spec.train_ops import argument
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

SAVER = "tensorflow.train.Saver"
RESTORE = f"{SAVER}.restore"
LISTED = "tensorflow.trainable_variables"


def restored(ctx: Context, call: ast.Call) -> Result | None:
    """The Saver whose variables a call restores."""
    value = ctx.facts.value(call)
    if not isinstance(value, Result) or value.symbol != RESTORE or value.call is not call:
        return None
    saver = value.bound.get("self")
    return saver if isinstance(saver, Result) and saver.symbol == SAVER else None


def read_by(ctx: Context, module: Module, call: ast.Call) -> list[ast.expr] | None:
    """What the restoring of variables reads: them, and the path; None for any other call."""
    saver = restored(ctx, call)
    if saver is None:
        return None
    variables = argument(saver.call, SAVER, "var_list")
    if variables is None or len(call.args) != 2 or call.keywords or saver.module is not module:
        message = "a Saver restores all variables, those of the optimizer too, or is made elsewhere"
        raise ctx.refuse("init-from-checkpoint", call, module, message)
    return [call.args[1], variables]


def text(ctx: Context, module: Module, call: ast.Call, render: Callable[[ast.AST], str]) -> str:
    """The variables take the values that are kept under their names."""
    path, variables = read_by(ctx, module, call) or (call, call)
    value = ctx.facts.value(variables)
    shown = render(variables)
    if isinstance(value, Result) and value.symbol == LISTED or isinstance(value, Sequence):
        shown = filtered(variables, render) or f"{{v.op.name: v for v in {shown}}}"
    elif not isinstance(value, Mapping):
        raise ctx.refuse("init-from-checkpoint", call, module, "which variables are restored cannot be followed")
    return ctx.use(module, f"support.init_from_checkpoint(self, {render(path)}, {shown})")


def filtered(node: ast.expr, render: Callable[[ast.AST], str]) -> str:
    """Variables by their names, for a comprehension that only chooses some; empty for other expressions."""
    if not isinstance(node, ast.ListComp) or len(node.generators) != 1:
        return ""
    generator = node.generators[0]
    if ast.unparse(generator.target) != ast.unparse(node.elt) or not isinstance(node.elt, ast.Name):
        return ""
    name = node.elt.id
    tests = "".join(f" if {render(test)}" for test in generator.ifs)
    return f"{{{name}.op.name: {name} for {name} in {render(generator.iter)}{tests}}}"


def restores_alone(ctx: Context, function: ast.Lambda) -> bool:
    """True for `lambda scaffold, session: saver.restore(session, path)`."""
    call = function.body
    return isinstance(call, ast.Call) and restored(ctx, call) is not None and only_session(ctx, function)


def in_lambdas(ctx: Context, statement: ast.AST) -> list[ast.Call]:
    """The calls that restore variables, of the lambdas in a statement."""
    found = [n.body for n in every(statement, ast.Lambda)]
    return [n for n in found if isinstance(n, ast.Call) and restored(ctx, n) is not None]


def only_session(ctx: Context, function: ast.FunctionDef | ast.Lambda) -> bool:
    """True for a function that has no parameters, or only hands them on as the session to restore variables in."""
    parameters = {a.arg for a in every(function, ast.arg)}
    handed = {call.args[0] for call in every(function, ast.Call) if call.args and restored(ctx, call) is not None}
    reads = [n for n in every(function, ast.Name) if n.id in parameters]
    return all(name in handed for name in reads)
