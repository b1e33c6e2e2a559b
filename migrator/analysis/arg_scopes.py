"""`arg_scope` of slim and contrib: the defaults that it gives to the layers which are called inside it.

A layer under such defaults is called as through a partial function. Where it stands in the function that opens the
scope, the arguments are those written there; anywhere else they are written anew from their values (`written`).
"""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis import written
from migrator.analysis.scopes import Defaults, Table
from migrator.analysis.soundness import active
from migrator.analysis.values import (
    Choice,
    Function,
    Mapping,
    Partial,
    Result,
    Sequence,
    Symbol,
    Value,
    is_none,
    join_all,
)
from migrator.rulebook import parameters
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.source.module import Module

HOMES = ("tensorflow.contrib.layers.", "tensorflow.contrib.framework.")
SCOPES = frozenset(f"{home}arg_scope" for home in HOMES)
MARKS = frozenset(f"{home}add_arg_scope" for home in HOMES)
THROUGH_DENSE = frozenset(f"{HOMES[0]}{name}" for name in ("relu", "relu6", "linear"))
DENSE = f"{HOMES[0]}fully_connected"
LISTED = "list_ops_or_scope"
NORMALIZER = "normalizer_fn"


def is_scope(value: Value) -> bool:
    """True for what a call of arg_scope gave."""
    return isinstance(value, Result) and value.symbol in SCOPES and not value.part


def enter(ev: Evaluation, manager: Value, node: ast.expr, module: Module) -> None:
    """Open an arg_scope: defaults for a list of operations beside those around, or those of a scope that was kept."""
    table = opened(ev, manager) if isinstance(manager, Result) else None
    if table is None:
        message = "arg_scope gives the layers inside it defaults that cannot be followed"
        ev.refuse("arg-scope", node, message, module, supposed=True)
    ev.arg_scopes.append(table or {})
    ev.kept_scopes[id(manager)] = (manager, ev.arg_scopes[-1])


def opened(ev: Evaluation, manager: Result) -> Table | None:
    """The defaults inside an arg_scope; None where they cannot be followed."""
    given = manager.bound.get("0") or manager.bound.get(LISTED)
    kwargs = {k: v for k, v in manager.bound.items() if k not in ("0", LISTED)}
    if isinstance(given, Result) and is_scope(given) and not kwargs:
        return ev.kept_scopes[id(given)][1] if id(given) in ev.kept_scopes else None
    if not isinstance(given, Sequence) or given.open or not all(name.isidentifier() for name in kwargs):
        return None
    return added(ev, ev.arg_scopes[-1], given.items, Defaults(manager.call, kwargs, ev.current_function))


def added(ev: Evaluation, around: Table, operations: list[Value], here: Defaults) -> Table | None:
    """The defaults with those of one more scope; None where an operation is none that is known as a layer."""
    table = dict(around)
    for operation in operations:
        key = key_of(ev, operation)
        if key is None:
            return None
        table[key] = (*table.get(key, ()), here)
    return table


def key_of(ev: Evaluation, operation: Value) -> object:
    """What stands for an operation, whichever of its names is used; None for what no layer is known by."""
    if isinstance(operation, Function):
        return operation.node
    if not isinstance(operation, Symbol) or not operation.name.startswith(HOMES[0]):
        return None
    rule = ev.rules.find(operation.name)
    if rule is None or rule.kind != "layer":
        return None
    return rule.id


def applied(ev: Evaluation, callee: Value, node: ast.Call, module: Module) -> Value:
    """What is called under the defaults of the open scopes: a partial function of it, where they give it some."""
    table = ev.arg_scopes[-1]
    if not table or not active("arg-scope"):
        return callee
    match callee:
        case Symbol():
            if callee.name in THROUGH_DENSE and key_of(ev, Symbol(DENSE)) in table:
                ev.refuse("arg-scope", node, "arg_scope gives defaults to the layer that this one is made of", module)
            return given_defaults(ev, callee, table.get(key_of(ev, callee), ()), node, module)
        case Function() if callee.node in table:
            ev.refuse("arg-scope", node, "arg_scope gives defaults to a function of the program's own", module)
        case Partial():
            inner = applied(ev, callee.function, node, module)
            return callee if inner is callee.function else dataclasses.replace(callee, function=inner)
        case Choice():
            return join_all([applied(ev, option, node, module) for option in callee.options])
    return callee


def given_defaults(
    ev: Evaluation, operation: Value, defaults: tuple[Defaults, ...], node: ast.Call, module: Module
) -> Value:
    """An operation as a partial function with these defaults; those of the innermost scope go before all others."""
    for one in defaults:
        call, anywhere = source_of(ev, one)
        if call is None:
            message = "what arg_scope gives cannot be written where the layer is called"
            ev.refuse("arg-scope", node, message, module, supposed=True)
        operation = Partial(operation, (), one.kwargs, call, anywhere)
    return operation


def source_of(ev: Evaluation, one: Defaults) -> tuple[ast.Call | None, bool]:
    """The call whose keywords are the defaults, and whether they mean the same wherever they are read."""
    plain = len(one.call.args) == 1 and all(k.arg not in (None, LISTED) for k in one.call.keywords)
    if (
        plain
        and one.function is not None
        and ev.current_function is one.function
        and not rebound(one.function, one.call)
    ):
        ev.facts.repeated.update(k.value for k in one.call.keywords)
        return one.call, False
    return written.call(ev, one.call, one.call.func, one.kwargs), True


def rebound(function: ast.AST, call: ast.Call) -> bool:
    """True where a name that the defaults are written with is bound more than once in the function."""
    names = {n.id for k in call.keywords for n in every(k.value, ast.Name)}
    bound = [n.id for n in every(function, ast.Name) if not isinstance(n.ctx, ast.Load)]
    bound += [n.arg for n in every(function, ast.arg)]
    return any(bound.count(name) > 1 for name in names)


# -------------------------------------------------------------------------------------------------- normalisers
def note_normalizer(ev: Evaluation, callee: Value, node: ast.Call, args: list[Value], kwargs: dict[str, Value]) -> None:
    """Note the layer that normalises what another makes, as a call of its own: `normalizer_fn` and its params.

    The layer calls it under the defaults of the open scopes, which its params override.
    """
    symbol, given = callee, dict(kwargs)
    while isinstance(symbol, Partial):
        given, args = {**symbol.kwargs, **given}, [*symbol.args, *args]
        symbol = symbol.function
    rule = ev.rules.find(symbol.name) if isinstance(symbol, Symbol) else None
    if rule is None or rule.kind != "layer" or NORMALIZER not in rule.refuse:
        return
    given |= dict(zip(parameters(rule.signature or "").positional, args, strict=False))
    normalizer = given.get(NORMALIZER)
    found = ev.facts.normalizers.setdefault(node, [])
    made = "none" if normalizer is None or is_none(normalizer) is True else normalising(ev, node, normalizer, given)
    if not any(one is made or one == made for one in found):
        found.append(made)


def normalising(ev: Evaluation, node: ast.Call, normalizer: Value, given: dict[str, Value]) -> ast.Call | str:
    """The call of what normalises a layer's result; "unknown" where it cannot be written."""
    params = given.get("normalizer_params")
    known: dict[str, Value] = {}
    if isinstance(params, Mapping) and not params.open and all(isinstance(k, str) for k in params.items):
        known = {str(k): v for k, v in params.items.items()}
    elif params is not None and is_none(params) is not True:
        return "unknown"
    function = written.expression(ev, normalizer) if isinstance(normalizer, Symbol) else None
    if function is None:
        return "unknown"
    for one in reversed(ev.arg_scopes[-1].get(key_of(ev, normalizer), ()) if active("arg-scope") else ()):
        known = {**one.kwargs, **known}
    made = written.call(ev, node, function, known)
    if made is None:
        return "unknown"
    ev.facts.callees[made] = [normalizer]
    return made
