"""Defaults of a variable_scope: the initializer and regularizer of variables that are given none of their own.

Measured on 1.15.5 and 2.15.1: an initializer reaches `tf.get_variable` and the kernels of tf.layers, not layers of
tf.keras; a regularizer reaches every variable made by get_variable, biases and moving averages too. Inner scopes
inherit both, and a scope that is entered again through its object brings its own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import written
from migrator.analysis.scopes import Defaults
from migrator.analysis.signatures import VARIABLES
from migrator.analysis.soundness import active
from migrator.analysis.values import Partial, Result, Scope, Symbol, Value, is_none
from migrator.rulebook import parameters
from migrator.source.syntax import descendants, every, is_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from migrator.analysis.evaluation import Evaluation
    from migrator.rulebook import Rule

KINDS = ("initializer", "regularizer")
PLACES = {"initializer": 3, "regularizer": 4}  # in the signature of variable_scope
LAYERS, CONTRIB = "tensorflow.layers.", "tensorflow.contrib.layers."
OWN_VALUE = "tensorflow.Variable"  # has its value, and is in no scope's care
LOOPS = (ast.For, ast.While, ast.comprehension)


def opened(ev: Evaluation, manager: Result, around: Mapping[str, Defaults]) -> dict[str, Defaults]:
    """The defaults inside a variable_scope; `around` are those that it starts from."""
    found = dict(around)
    for kind in KINDS:
        given = manager.bound.get(kind)
        if given is not None and is_none(given) is not True and active("scope-defaults"):
            found[kind] = Defaults(manager.call, {kind: given}, ev.current_function)
    return found


def applied(ev: Evaluation, callee: Value, node: ast.Call, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """What makes variables under the defaults of the open scope, as a partial function with what it takes of them."""
    defaults = ev.scopes.top.defaults
    if not defaults:
        return callee
    symbol, given = callee, dict(kwargs)
    while isinstance(symbol, Partial):
        given, args = {**symbol.kwargs, **given}, [*symbol.args, *args]
        symbol = symbol.function
    name = symbol.name if isinstance(symbol, Symbol) else ""
    rule = ev.rules.find(name) if name else None
    signature = VARIABLES.get(name) or (rule.signature if rule is not None and rule.kind == "layer" else None)
    if name == OWN_VALUE or signature is None or "**" in given:
        ev.facts.under_defaults.update({node} if name == OWN_VALUE else ())
        return callee
    given |= dict(zip(parameters(signature).positional, args, strict=False))
    for kind, one in defaults.items():
        taken = takes(name, rule, signature, kind, given)
        expression = source_of(ev, one, kind) if taken else None
        if taken is None or (taken and expression is None) or is_none(one.kwargs[kind]) is not False:
            return callee  # what it makes is refused
        if taken and expression is not None:
            made = call_of(ev, one, kind, taken, expression)
            callee = Partial(callee, (), dict.fromkeys(taken, one.kwargs[kind]), made, anywhere=True)
    ev.facts.under_defaults.add(node)
    return callee


def takes(name: str, rule: Rule | None, signature: str, kind: str, given: Mapping[str, Value]) -> list[str] | None:
    """The arguments that a default stands in for; None where that is not known, or no argument can say it."""
    known = parameters(signature)
    named = [p for p in known.names if p == kind or p.endswith(f"_{kind}") and p != f"activity_{kind}"]
    open_ = [p for p in named if isinstance(d := known.defaults.get(p), ast.Constant) and d.value is None]
    if kind == "regularizer" and rule is not None and rule.weights:
        trained = {*rule.weights.values()} <= {"kernel", "bias", "depthwise_kernel", "pointwise_kernel"}
        if not name.startswith(LAYERS) or not trained or any(p in given for p in open_):
            return None  # both count, and moving averages are regularised too
    elif kind == "initializer" and rule is not None and not name.startswith((LAYERS, CONTRIB)):
        return None
    left = [p for p in open_ if p not in given]
    sure = all(is_none(given[p]) is False for p in open_ if p in given)
    contrib = given.get("weights_initializer")
    return left if sure and (contrib is None or is_none(contrib) is False) else None


def source_of(ev: Evaluation, one: Defaults, kind: str) -> ast.expr | None:
    """A default as an expression for the function that is being evaluated."""
    argument = next((k.value for k in one.call.keywords if k.arg == kind), None)
    if argument is None and len(one.call.args) > PLACES[kind]:
        argument = one.call.args[PLACES[kind]]
    if argument is not None and one.function is not None and ev.current_function is one.function:
        if steady(ev, one.function, argument):
            ev.facts.repeated.add(argument)
            return argument
    return written.expression(ev, one.kwargs[kind])


def steady(ev: Evaluation, function: ast.AST, node: ast.expr) -> bool:
    """True where every name in an expression is bound once at most in the function, outside of loops, or globally."""
    names = {n.id for n in every(node, ast.Name)}
    bound = [n.id for n in every(function, ast.Name) if not isinstance(n.ctx, ast.Load)]
    bound += [n.arg for n in every(function, ast.arg)]
    loops = [n for n in descendants(function) if isinstance(n, LOOPS)]
    turning = {n.id for loop in loops for n in every(loop, ast.Name)} & set(bound)
    around: Scope | None = ev.frame.scope.parent if ev.frame is not None and ev.frame.scope is not None else None
    while around is not None and around.parent is not None:
        if (names - set(bound)) & around.names.keys():
            return False
        around = around.parent
    return not names & turning and all(bound.count(name) <= 1 for name in names)


def call_of(ev: Evaluation, one: Defaults, kind: str, taken: list[str], expression: ast.expr) -> ast.Call:
    """A call with a default as its keywords: the same one wherever the same is written."""
    told = f"{kind} {taken} {ast.dump(expression)} {id(expression) if not is_written(expression) else ''}"
    made = ev.facts.written.get((one.call, told))
    if made is None:
        made = written.new(ast.Call(one.call.func, [], [ast.keyword(name, expression) for name in taken]))
        ev.facts.written[one.call, told] = made
    for keyword in made.keywords:
        if is_written(keyword.value):
            written.record(ev, keyword.value, one.kwargs[kind])
        for node in (keyword, *(n for n in ast.walk(keyword.value) if is_written(n))):
            ast.copy_location(node, one.call)
    return ast.copy_location(made, one.call)
