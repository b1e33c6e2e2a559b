"""One minimisation of a train_op, and the arguments of the call that makes it."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import Member, Result, why_unknown
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from migrator.analysis.values import Value


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """How an optimizer clips gradients: its Keras argument, the amount, and when."""

    argument: str
    amount: ast.expr
    test: tuple[ast.expr, bool] | None = None  # it clips only in runs in which this holds, or does not hold


@dataclasses.dataclass(frozen=True, eq=False)
class TrainOp:
    """One minimisation: the optimizer expression, the loss expression, variables, clipping."""

    call: ast.Call
    optimizer: ast.expr
    optimizer_value: Value
    loss: ast.expr
    variables: ast.expr | None
    clip: Clip | None
    counts: int  # what it adds to the global step
    helper: ast.FunctionDef | None = None  # the function that makes it, when that is not the model_fn
    helper_call: ast.Call | None = None
    rate: ast.expr | None = None  # given apart, where the optimizer is the name of one
    held_by: str = ""  # the name of the train_op, where each branch of a condition makes it with another optimizer
    held: tuple[tuple[ast.expr, ast.expr], ...] = ()  # (what it is given in a branch, the optimizer of that)


def argument(call: ast.Call, symbol: str, name: str) -> ast.expr | None:
    """An argument of a call to a symbol with a known signature."""
    names = parameters(SIGNATURES[symbol]).positional
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    node = found.get(name)
    return None if isinstance(node, ast.Constant) and node.value is None else node


def obstacle(found: Iterable[Value]) -> str:
    """What keeps a train_op from being followed, as the end of a sentence; "" where nothing has a name."""
    for option in found:
        source = option
        while isinstance(source, Member):
            source = source.base
        if isinstance(source, Result) and source is not option:
            return f": `{source.symbol}` is not covered yet"
        if why := why_unknown(option):
            return f": {why}"
    return ""
