"""Calls: project functions by evaluation, library symbols by the rulebook, builtins and containers by their meaning."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrator.analysis import arg_scopes, builtin_calls, changes, learn, lookup, phases, told
from migrator.analysis.changes import MUTATORS
from migrator.analysis.facts import Frame
from migrator.analysis.library_calls import bind_library, is_optimizer, library_call, own_optimizer, reuse_variables
from migrator.analysis.signatures import ESTIMATOR_SPECS, FUSED_RNNS
from migrator.analysis.sites import Site
from migrator.analysis.values import (
    NEVER,
    NONE,
    UNKNOWN_CALLEE,
    Choice,
    ClassRef,
    Const,
    Function,
    Instance,
    Mapping,
    Member,
    Opaque,
    Partial,
    Result,
    Scope,
    Sequence,
    Stage,
    Symbol,
    Value,
    depends_on_mode,
    is_none,
    join,
    join_all,
    stage_of,
    unknown,
    why_unknown,
)
from migrator.source.syntax import is_generator

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation

APPLYING = frozenset({"apply", "__call__"})  # methods of a layer that call it
TRANSPARENT = frozenset({"builtins.staticmethod", "builtins.classmethod", "builtins.property", "abc.abstractmethod"})


ESTIMATOR_LIKE = frozenset(
    {
        "tensorflow.estimator.Estimator",
        "tensorflow.estimator.tpu.TPUEstimator",
    }
)


def call(ev: Evaluation, site: Site, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The value of a call."""
    match callee:
        case Function():
            if not site.exact:
                ev.refuse("star-arguments", site.node, "arguments passed with * cannot be followed", site.scope.module)
            return call_function(ev, callee, site, args, kwargs)
        case ClassRef():
            return instantiate(ev, callee, site, args, kwargs)
        case Instance():
            method = lookup.calling_method(callee.cls)
            if isinstance(method, Function):
                bound = Function(method.node, method.scope, method.defaults, callee, method.owner)
                return call_function(ev, bound, site, args, kwargs)
        case Partial():
            return call(ev, site, callee.function, [*callee.args, *args], {**callee.kwargs, **kwargs})
        case Symbol():
            return library_call(ev, site, callee.name, args, kwargs)
        case Member():
            return method_call(ev, site, callee, args, kwargs)
        case Result():
            return called_result(ev, site, callee, args, kwargs)
        case Choice():
            # one of them is called: what the others would make is not made as well; None cannot be
            first, *others = [option for option in callee.options if is_none(option) is not True]
            ev.weak += 1
            found = [call(ev, site, first, args, kwargs)]
            ev.supposing += 1
            found += [call(ev, site, option, args, kwargs) for option in others]
            ev.supposing -= 1
            ev.weak -= 1
            return join_all([value for value in found if not is_never(value)] or found)
    return unknown(callee, *args, *kwargs.values(), why=why_unknown(callee) or UNKNOWN_CALLEE)


# ------------------------------------------------------------------------------------------------ project functions
def call_function(
    ev: Evaluation, function: Function, site: Site | None, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Evaluate a project function's body for these arguments: one new activation."""
    node = function.node
    module = function.scope.module
    ev.calls += 1
    ev.all_calls += 1
    depth = 0
    frame = ev.frame
    while frame is not None:
        depth, frame = depth + 1, frame.parent
    known = remembered(ev, function, [*args, *kwargs.values()])
    if known is not None:
        return known
    if ev.calls > (2_500 if ev.mode else 300) or depth > 40:
        ev.refuse("too-deep", site.node if site else node, "the call tree is larger than the analysis follows", module)
        return unknown(*args, *kwargs.values(), why="the call tree is too large")
    if ev.frame is not None and ev.frame.on_path(node) >= 2:
        ev.refuse("recursion", site.node if site else node, "a recursive call builds the graph", module)
        return unknown(*args, *kwargs.values(), why="recursion")
    bound_args = [function.bound, *args] if function.bound is not None else args
    bound = bind_arguments(function, bound_args, kwargs)
    arguments = told.marked(ev.told, ev.untrained, ev.mode == "train", node, bound)
    new = Frame(function, module, site.node if site else None, ev.mode, ev.frame, arguments)
    new.supposed = ev.supposing > 0
    new.trip = tuple(ev.trip)
    if not ev.module_level or not ev.mode:  # a survey looks at what a module's own statements call, once
        ev.facts.frames.setdefault(node, []).append(new)
        if site is not None:
            ev.facts.activations.setdefault(site.node, []).append(new)
    outer, ended = ev.frame, len(ev.scopes.ended)
    ev.frame = new
    scope = new.scope = Scope(module, dict(arguments), function.scope)
    if isinstance(node, ast.Lambda):
        new.returned = ev.eval(node.body, scope)
    else:
        falls = ev.block(node.body, scope)
        if is_generator(node):
            new.returned = unknown(*arguments.values())
        elif falls:
            new.returned = NONE if new.returned is None else join(new.returned, NONE)
    ev.frame = outer
    ev.scopes.meet(ended)
    return new.returned if new.returned is not None else Opaque(Stage.STATIC, NEVER)


def is_never(value: Value) -> bool:
    """True for the value of a call that does not return."""
    return isinstance(value, Opaque) and value.why == NEVER


def remembered(ev: Evaluation, function: Function, args: list[Value]) -> Value | None:
    """The result of an earlier activation, where evaluating another would add no fact that matters.

    That is so for calls that are only supposed, and, when a whole program is surveyed, for calls whose arguments carry
    neither functions nor Estimators, on an object that carries none either.
    """
    frames = ev.facts.frames.get(function.node)
    if not frames or frames[-1].returned is None:
        return None
    if ev.supposing:
        return frames[-1].returned
    if not ev.mode and not any(carries_program(a) for a in args) and not tells_more(function, frames[-1]):
        return frames[-1].returned
    return None


def tells_more(function: Function, before: Frame) -> bool:
    """True for a constructor, and for a method of another object that holds parts of the program."""
    this = function.bound
    if not isinstance(this, Instance) or (before.function is not None and before.function.bound is this):
        return False
    return getattr(function.node, "name", "") == "__init__" or any(carries_program(v) for v in this.attrs.values())


def carries_program(value: Value) -> bool:
    """True for values that decide what a program is: functions, classes, objects, Estimators and their parts."""
    match value:
        case Function() | ClassRef() | Instance() | Partial() | Result() | Choice():
            return True
        case Sequence():
            return any(carries_program(v) for v in value.items)
        case Mapping():
            return any(carries_program(v) for v in value.items.values())
    return False


def bind_arguments(function: Function, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Parameter -> value, defaults included; what is missing is an unknown static value."""
    a = function.node.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    bound = dict(function.defaults)
    bound.update(zip(positional, args, strict=False))
    rest = args[len(positional) :]
    if a.vararg is not None:
        bound[a.vararg.arg] = Sequence(list(rest), tuple)
    named = {*positional, *(p.arg for p in a.kwonlyargs)}
    extra: dict[Any, Value] = {}
    for key, value in kwargs.items():
        if key in named:
            bound[key] = value
        else:
            extra[key] = value
    if a.kwarg is not None:
        bound[a.kwarg.arg] = Mapping(extra)
    for parameter in named - bound.keys():
        bound[parameter] = Opaque(Stage.STATIC)
    return bound


def instantiate(ev: Evaluation, cls: ClassRef, site: Site, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A new object of a project class: __init__ is evaluated."""
    instance = Instance(cls, {}, open=any(isinstance(b, (Symbol, Opaque)) for b in cls.bases), made=site.node)
    init = lookup.class_member(cls, "__init__")
    if isinstance(init, Function):
        bound = Function(init.node, init.scope, init.defaults, instance, init.owner)
        before = len(ev.facts.creations.get(ev.mode, ()))
        call_function(ev, bound, site, args, kwargs)
        instance.built = len(ev.facts.creations.get(ev.mode, ())) > before
    elif any(isinstance(b, (Symbol, Opaque, Result)) for b in cls.bases):
        # a namedtuple or another library base: attributes come from the arguments
        instance.attrs.update(kwargs)
    return instance


def decorate(ev: Evaluation, node: ast.expr, decorator: Value, function: Value) -> Value:
    """The function after one decorator."""
    transparent = TRANSPARENT | arg_scopes.MARKS | {"tensorflow.function"}
    if isinstance(decorator, Symbol) and decorator.name in transparent:
        return function
    if isinstance(decorator, (Function, Partial)) and isinstance(function, Function):
        site = Site(ast.copy_location(ast.Call(node, [], []), node), function.scope, True)
        return call(ev, site, decorator, [function], {})
    if isinstance(decorator, Result) and decorator.symbol == "functools.wraps":
        return function
    if isinstance(decorator, Member) and decorator.attr in ("setter", "getter"):
        return function
    return Opaque(Stage.STATIC, "a decorator that cannot be read replaces it")


# ------------------------------------------------------------------------------------------------- library symbols


def applied_layer(ev: Evaluation, callee: Member) -> Value:
    """The layer object of `layer.apply(x)`, which is `layer(x)`; any other attribute as it is."""
    base = callee.base
    rule = ev.rules.find(base.symbol) if isinstance(base, Result) and not base.part else None
    return base if callee.attr in APPLYING and rule is not None and rule.kind == "layer_class" else callee


def called_result(ev: Evaluation, site: Site, callee: Result, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Calling what a library call gave: a layer object, a cell, a template, a partial input function."""
    rule = ev.rules.find(callee.symbol)
    if rule is not None and rule.kind == "layer_class" and not callee.part:
        phases.layer_called(ev)
        if rule.weights and not ev.module_level:
            ev.create_object(site.node, callee, callee.bound.get(rule.name_arg or "name"), rule.scope or "layer")
        return Result(f"{callee.symbol}()", site.node, {"self": callee}, Stage.CALL, site.scope.module)
    if callee.symbol in FUSED_RNNS and not callee.part and not ev.module_level:
        inner = callee.bound.get("cell", callee)
        ev.create_object(site.node, inner, None, "lstm_fused_cell")
    bound = {"self": callee, **{str(i): a for i, a in enumerate(args)}, **kwargs}
    stage = max((stage_of(v) for v in (*args, *kwargs.values())), default=Stage.STATIC)
    return Result(f"{callee.symbol}()", site.node, bound, max(stage, callee.stage), site.scope.module)


# --------------------------------------------------------------------------------------------------------- methods
def trained(value: Value) -> Value:
    """The Estimator that `train` returns; any other value as it is."""
    made = isinstance(value, Result) and value.symbol == "estimator.train" and not value.part
    return value.bound.get("self", value) if isinstance(value, Result) and made else value


def method_call(ev: Evaluation, site: Site, callee: Member, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of a value that is not a project object."""
    base = callee.base
    base = trained(base)
    if callee.attr in MUTATORS:
        changes.attributes_set(ev, site.node, base, unknown(*args, *kwargs.values()), site.scope)
        changes.changed(ev, site.node, base, [*args, *kwargs.values()], site.scope)
    if isinstance(base, (Mapping, Sequence, Const)):
        return builtin_calls.method(ev, base, callee.attr, args, kwargs)
    if isinstance(base, Instance) and callee.attr in lookup.STEP_METHODS:
        return own_optimizer(ev, site, base, callee.attr, args, kwargs)
    if callee.attr in lookup.SHAPES and stage_of(base) is Stage.CALL:
        return Opaque(Stage.SHAPE, mode=base.mode)
    if isinstance(base, Result) and not base.part:
        if callee.attr == "reuse_variables":
            reuse_variables(ev, site, base)
        if callee.attr == "as_estimator_spec" and base.symbol in ESTIMATOR_SPECS:
            return base  # of a spec for TPUs: the same for other machines
        rule = ev.rules.find(base.symbol)
        if rule is not None and rule.kind == "optimizer" or is_optimizer(base.symbol):
            symbol = f"optimizer.{callee.attr}"
        elif base.symbol == learn.ESTIMATOR or base.symbol in learn.SINGLE:
            symbol = f"learner.{callee.attr}"
        elif base.symbol in ESTIMATOR_LIKE:
            symbol = f"estimator.{callee.attr}"
        else:
            symbol = f"{base.symbol}.{callee.attr}"
        bound = {"self": base, **bind_library(None, symbol, args, kwargs)}
        stage = max((stage_of(v) for v in (base, *args, *kwargs.values())), default=Stage.STATIC)
        if symbol.startswith(("estimator.", "learner.")) or base.symbol.startswith("tensorflow.data"):
            stage = Stage.STATIC
        return Result(symbol, site.node, bound, stage, site.scope.module, mode=depends_on_mode(base))
    return unknown(base, *args, *kwargs.values(), why=why_unknown(base))


# ------------------------------------------------------------------------------------------------------ containers
