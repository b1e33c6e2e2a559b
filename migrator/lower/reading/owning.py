"""Owning calls: which calls of a function create variables or layer objects, and what each becomes."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.lookup import calling_method, class_member
from migrator.analysis.modes import Specialiser, Step
from migrator.analysis.signatures import FUSED_RNNS, RNN_CALLS, VARIABLES
from migrator.analysis.values import (
    ClassRef,
    Function,
    Instance,
    Mapping,
    Partial,
    Result,
    Sequence,
    Symbol,
    Value,
    options,
)
from migrator.lower.reading import slices
from migrator.lower.reading.definitions import called_object, calls_in, class_of, lineage
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule


@dataclasses.dataclass(eq=False)
class Own:
    """One owning call. `kind`: layer | layer_object | variable | rnn | function | entry | object."""

    call: ast.Call
    kind: str
    symbol: str = ""
    rule: Rule | None = None
    definition: ast.FunctionDef | None = None
    cls: ast.ClassDef | None = None
    function: Function | None = None
    made: Result | None = None  # the layer object or cell that is called
    holder: ast.expr | None = None  # the expression of the layer object that is called
    alternatives: list[Own] = dataclasses.field(default_factory=list)  # other functions that may be called instead


def own_call(ctx: Context, call: ast.Call) -> Own | None:
    """What a call owns, or None. Callees that own in different ways refuse the unit elsewhere."""
    known: dict[ast.Call, Own | None] = ctx.__dict__.setdefault("_own_calls", {})
    if call not in known:
        known[call] = _own_call(ctx, call)
    return known[call]


def _own_call(ctx: Context, call: ast.Call) -> Own | None:
    found: Own | None = None
    for value in ctx.facts.callees.get(call, []):
        for callee in options(value):
            other = owns_through(ctx, call, callee)
            if found is None:
                found = other
            elif other is not None and other.definition is not found.definition:
                found.alternatives.append(other)
    return found


def owns_through(ctx: Context, call: ast.Call, callee: Value) -> Own | None:
    """What calling this value owns."""
    match callee:
        case Symbol():
            if callee.name in VARIABLES:
                return Own(call, "variable", callee.name)
            if callee.name in RNN_CALLS:
                return Own(call, "rnn", callee.name)
            rule = ctx.rules.find(callee.name)
            if rule is not None and rule.kind == "layer":
                return Own(call, "layer", callee.name, rule)
            if rule is not None and rule.kind == "metric":
                return Own(call, "metric", callee.name, rule)
        case Result():
            rule = ctx.rules.find(callee.symbol)
            if rule is not None and rule.kind == "layer_class" and not callee.part:
                holder = called_object(ctx, call)
                return Own(call, "layer_object", callee.symbol, rule, made=callee, holder=holder)
            if callee.symbol in FUSED_RNNS and not callee.part:
                return Own(call, "rnn", f"{callee.symbol}()", made=callee)
        case Function():
            if isinstance(callee.node, ast.FunctionDef) and owns(ctx, callee.node):
                if pair_of(ctx, callee.node) is not None:
                    return Own(call, "metric", definition=callee.node, function=callee)
                if (
                    isinstance(callee.bound, Instance)
                    and callee.owner is not None
                    and is_entry(ctx, callee.owner, callee.node)
                ):
                    return Own(call, "entry", definition=callee.node, cls=callee.owner.node, function=callee)
                return Own(call, "function", definition=callee.node, function=callee)
        case Instance():
            method = calling_method(callee.cls)
            if isinstance(method, Function) and isinstance(method.node, ast.FunctionDef) and owns(ctx, method.node):
                if method.owner is not None:
                    return Own(call, "entry", definition=method.node, cls=method.owner.node, function=method)
        case ClassRef():
            init = class_member(callee, "__init__")
            if isinstance(init, Function) and isinstance(init.node, ast.FunctionDef) and owns(ctx, init.node):
                return Own(call, "function", definition=init.node, cls=class_of(callee, init.node))
            entry = class_entry(ctx, callee)
            if entry is not None:
                return Own(call, "object", definition=entry, cls=class_of(callee, entry))
        case Partial():
            return owns_through(ctx, call, callee.function)
    return None


def owns(ctx: Context, definition: ast.AST, path: frozenset[ast.AST] = frozenset()) -> bool:
    """True when evaluating the function makes variables or layers, through callees too."""
    if definition in path:
        return False
    cache: dict[ast.AST, bool] = ctx.__dict__.setdefault("_owns", {})
    if definition in cache:
        return cache[definition]
    result = False
    for node in calls_in(definition):
        for value in ctx.facts.callees.get(node, []):
            for callee in options(value):
                while isinstance(callee, Partial):
                    callee = callee.function
                if isinstance(callee, Function):
                    result = result or owns(ctx, callee.node, path | {definition})
                elif isinstance(callee, Instance):
                    method = calling_method(callee.cls)
                    if isinstance(method, Function):
                        result = result or owns(ctx, method.node, path | {definition})
                elif isinstance(callee, (Symbol, Result)):
                    result = result or owns_through(ctx, node, callee) is not None
    cache[definition] = result
    return result


def class_entry(ctx: Context, cls: ClassRef) -> ast.FunctionDef | None:
    """The one owning method, inherited ones included, through which objects of a class are used, or None."""
    entries = methods_entered(ctx, cls)
    return entries[0] if len(entries) == 1 else None


def methods_entered(ctx: Context, cls: ClassRef) -> list[ast.FunctionDef]:
    """The owning methods, inherited ones included, that are called from outside of a class."""
    return [
        m.node
        for owner in lineage(cls)
        for m in owner.members.values()
        if isinstance(m, Function) and isinstance(m.node, ast.FunctionDef) and is_entry(ctx, owner, m.node)
    ]


def is_entry(ctx: Context, cls: ClassRef, method: ast.FunctionDef) -> bool:
    """True for an owning method that is called from outside its class."""
    if method.name == "__init__" or not owns(ctx, method):
        return False
    inside = {id(n) for n in descendants(cls.node)}
    frames = ctx.facts.frames.get(method, [])
    return any(frame.call is None or id(frame.call) not in inside for frame in frames)


def makes_only_metrics(ctx: Context, definition: ast.AST) -> bool:
    """True when every owning call below a function is a metric."""
    found = [own_call(ctx, call) for call in calls_in(definition)]
    kinds = [o for o in found if o is not None]
    return bool(kinds) and all(
        o.kind == "metric" or (o.definition is not None and makes_only_metrics(ctx, o.definition)) for o in kinds
    )


EVAL = frozenset({"eval"})


@dataclasses.dataclass(frozen=True)
class Pair:
    """What such a function returns: the value and the update, or one call that gives both."""

    value: ast.expr
    update: ast.expr | None


def pair_of(ctx: Context, definition: ast.AST) -> Pair | None:
    """What a function returns, when it makes nothing but metrics and returns one of them; None for any other."""
    known: dict[ast.AST, Pair | None] = ctx.__dict__.setdefault("_metric_pairs", {})
    if definition not in known:
        known[definition] = None  # while it is looked at: one that calls itself is none
        known[definition] = _pair_of(ctx, definition)
    return known[definition]


def _pair_of(ctx: Context, definition: ast.AST) -> Pair | None:
    if not isinstance(definition, ast.FunctionDef) or not makes_only_metrics(ctx, definition):
        return None
    frames = ctx.facts.frames.get(definition, [])
    if any(frame.function is None or frame.function.bound is not None for frame in frames):
        return None
    steps, _ = Specialiser(ctx.facts).block(definition.body, EVAL, definition.body[0].lineno - 1)
    last = steps[-1].node if steps else None
    if not isinstance(last, ast.Return) or last.value is None or returns(steps) != 1:
        return None
    node = slices.last_assigned(steps, last.value)
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and not all(is_metric(ctx, item) for item in node.elts):
        return None if any(is_apart(ctx, item) for item in node.elts) else Pair(node.elts[0], node.elts[1])
    own = own_call(ctx, node) if isinstance(node, ast.Call) else None
    if own is None or own.kind != "metric" or not (own.definition is not None or called_often(ctx, definition)):
        return None
    return Pair(node, None)


def returns(steps: list[Step]) -> int:
    """How many ways out a body has."""
    return sum((step.kind == "return") + sum(returns(block) for block in step.blocks) for step in steps)


def is_metric(ctx: Context, node: ast.expr) -> bool:
    """True for a whole metric: of two of them, none is the other's update."""
    value = ctx.facts.value(node, "eval")
    if isinstance(value, Sequence):
        return True
    rule = ctx.rules.find(value.symbol) if isinstance(value, Result) else None
    return isinstance(value, Result) and rule is not None and rule.kind == "metric" and not value.part


def is_apart(ctx: Context, node: ast.expr) -> bool:
    """True for what is no half of a metric: a whole one beside a loss, or a dictionary of them."""
    value = ctx.facts.value(node, "eval")
    return isinstance(value, Mapping) or (not isinstance(value, Sequence) and is_metric(ctx, node))


def called_often(ctx: Context, definition: ast.FunctionDef) -> bool:
    """True for a function that stands for several metrics: each call makes one of its own."""
    return len({frame.call for frame in ctx.facts.frames.get(definition, []) if frame.call is not None}) > 1
