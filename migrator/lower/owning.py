"""Owning calls: which calls of a function create variables or layer objects, and what each becomes."""

from __future__ import annotations

import ast
import dataclasses

from migrator.analysis.calls import APPLYING
from migrator.analysis.facts import Frame
from migrator.analysis.lookup import calling_method, class_member
from migrator.analysis.signatures import FUSED_RNNS, RNN_CALLS, VARIABLES
from migrator.analysis.values import (
    ClassRef,
    Const,
    Function,
    Instance,
    Mapping,
    Opaque,
    Partial,
    Result,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    options,
    stage_of,
)
from migrator.lower.context import Context
from migrator.rulebook import Rule
from migrator.source.module import Module
from migrator.source.syntax import children, descendants, remembered


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
                from migrator.lower import metric_pairs

                if metric_pairs.pair_of(ctx, callee.node) is not None:
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


def called_object(ctx: Context, call: ast.Call) -> ast.expr:
    """What a call calls; of `layer.apply(x)`, the layer."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in APPLYING:
        return func
    held = ctx.facts.value(func.value)
    called = [o for value in ctx.facts.callees.get(call, []) for o in options(value)]
    made = {o.call for o in (options(held) if held is not None else ()) if isinstance(o, Result) and not o.part}
    return func.value if called and all(isinstance(o, Result) and o.call in made for o in called) else func


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


@remembered
def calls_in(definition: ast.AST) -> tuple[ast.Call, ...]:
    """The calls of a function's own body, nested definitions left out."""
    found: list[ast.Call] = []
    todo: list[ast.AST] = list(children(definition))
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call):
            found.append(node)
        todo.extend(children(node))
    return tuple(found)


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


def lineage(cls: ClassRef) -> list[ClassRef]:
    """The class and the project classes above it."""
    found = [cls]
    for base in cls.bases:
        if isinstance(base, ClassRef):
            found += lineage(base)
    return found


def class_of(cls: ClassRef, method: ast.FunctionDef) -> ast.ClassDef:
    """The class statement that a method stands in."""
    return next(c.node for c in lineage(cls) if method in c.node.body)


def is_entry(ctx: Context, cls: ClassRef, method: ast.FunctionDef) -> bool:
    """True for an owning method that is called from outside its class."""
    if method.name == "__init__" or not owns(ctx, method):
        return False
    inside = {id(n) for n in descendants(cls.node)}
    frames = ctx.facts.frames.get(method, [])
    return any(frame.call is None or id(frame.call) not in inside for frame in frames)


def frames_of(ctx: Context, definition: ast.AST) -> list[Frame]:
    """Every activation of a definition; supposed ones only where there is no other."""
    frames = ctx.facts.frames.get(definition, [])
    return [f for f in frames if not f.supposed] or frames


def parameter_roles(ctx: Context, module: Module, definition: ast.FunctionDef) -> dict[str, str]:
    """Parameter -> "static" (constructor), "call" (tensor) or "mode" (becomes `training`), over all activations."""
    arguments = definition.args
    rest = [p.arg for p in (arguments.vararg, arguments.kwarg) if p is not None]
    if not all(is_never_given(ctx, definition, name) for name in rest):
        raise ctx.refuse("star-parameters", definition, module, f"`{definition.name}` takes *args or **kwargs")
    names = [p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    roles: dict[str, str] = {}
    for name in names:
        values = [f.arguments[name] for f in frames_of(ctx, definition) if name in f.arguments]
        roles[name] = role(values)
    return roles


def role(values: list[Value]) -> str:
    """The role of a parameter that was given these values."""
    if any(stage_of(v) > Stage.STATIC for v in values) or any(is_number_by_mode(v) for v in values):
        return "call"
    if any(depends_on_mode(v) and isinstance(v, (Const, Opaque)) for v in values):
        return "mode"
    return "static"


def is_never_given(ctx: Context, definition: ast.FunctionDef, rest: str) -> bool:
    """True for `*args` or `**kwargs` that are empty in each call, and that nothing reads."""
    given = [f.arguments[rest] for f in frames_of(ctx, definition) if rest in f.arguments]
    if not given or any(isinstance(n, ast.Name) and n.id == rest for n in descendants(definition)):
        return False
    return all(isinstance(v, (Sequence, Mapping)) and not v.items and not v.open for v in given)


def numbers_by_mode(ctx: Context, definition: ast.FunctionDef) -> frozenset[str]:
    """The parameters that are given, in some mode, a number that depends on it."""
    given = [item for frame in frames_of(ctx, definition) for item in frame.arguments.items()]
    found = {name for name, value in given if is_number_by_mode(value)}
    return frozenset(found - {name for name, value in given if stage_of(value) > Stage.STATIC})


def is_number_by_mode(value: Value) -> bool:
    """True for a number that depends on the mode, such as a dropout rate: it is told with each call."""
    number = isinstance(value, Const) and isinstance(value.value, (int, float)) and not isinstance(value.value, bool)
    return number and value.mode


def one_definition(value: Value | None) -> Function | None:
    """The function that a value surely is, whatever scope it closes over."""
    found = options(value) if value is not None else ()
    functions = [o for o in found if isinstance(o, Function)]
    if functions and len(functions) == len(found) and len({f.node for f in functions}) == 1:
        return functions[0]
    return None
