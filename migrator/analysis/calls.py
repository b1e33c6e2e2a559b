"""Calls: project functions by evaluation, library symbols by the rulebook, builtins and containers by their meaning."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING, Any

from migrator.analysis import builtin_calls, changes, copies, learn, lookup, spec_functions, told
from migrator.analysis.changes import MUTATORS
from migrator.analysis.facts import Frame
from migrator.analysis.signatures import (
    CELLS,
    ESTIMATOR_SPECS,
    FUSED_RNNS,
    RNN_CALLS,
    SIGNATURES,
    STATIC_NAMESPACES,
    VARIABLE_LISTS,
    VARIABLES,
)
from migrator.analysis.soundness import active
from migrator.analysis.values import (
    NONE,
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
    join,
    join_all,
    stage_of,
    unknown,
)
from migrator.rulebook import Rule, parameters
from migrator.source.names import canonical, surviving
from migrator.source.syntax import is_generator

if TYPE_CHECKING:
    from migrator.analysis.evaluate import Evaluator
    from migrator.analysis.scopes import ScopeEntry

STATIC_KINDS = frozenset({"initializer", "regularizer", "optimizer", "schedule", "layer_class"})
APPLYING = frozenset({"apply", "__call__"})  # methods of a layer that call it
CURRENT_SCOPE = "tensorflow.get_variable_scope"
TRANSPARENT = frozenset({"builtins.staticmethod", "builtins.classmethod", "builtins.property", "abc.abstractmethod"})


@dataclasses.dataclass(frozen=True, eq=False)
class Site:
    """Where a call stands; `exact` is False when star arguments hide some of what is passed."""

    node: ast.Call
    scope: Scope
    exact: bool


def call(ev: Evaluator, site: Site, callee: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
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
            # one of them is called: what the others would make is not made as well
            ev.weak += 1
            found = [call(ev, site, callee.options[0], args, kwargs)]
            ev.supposing += 1
            found += [call(ev, site, option, args, kwargs) for option in callee.options[1:]]
            ev.supposing -= 1
            ev.weak -= 1
            return join_all(found)
    why = callee.why if isinstance(callee, Opaque) else ""
    return unknown(callee, *args, *kwargs.values(), why=why or "the callee is not known")


# ------------------------------------------------------------------------------------------------ project functions
def call_function(
    ev: Evaluator, function: Function, site: Site | None, args: list[Value], kwargs: dict[str, Value]
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
    arguments = told.marked(ev.told, node, bind_arguments(function, bound_args, kwargs))
    new = Frame(function, module, site.node if site else None, ev.mode, ev.frame, arguments)
    new.supposed = ev.supposing > 0
    if not ev.module_level or not ev.mode:  # a survey looks at what a module's own statements call, once
        ev.facts.frames.setdefault(node, []).append(new)
        if site is not None:
            ev.facts.activations.setdefault(site.node, []).append(new)
    outer = ev.frame
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
    return new.returned if new.returned is not None else Opaque(Stage.STATIC, "it does not return")


def remembered(ev: Evaluator, function: Function, args: list[Value]) -> Value | None:
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


def instantiate(ev: Evaluator, cls: ClassRef, site: Site, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A new object of a project class: __init__ is evaluated."""
    instance = Instance(cls, {}, open=any(isinstance(b, (Symbol, Opaque)) for b in cls.bases))
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


def decorate(ev: Evaluator, node: ast.expr, decorator: Value, function: Value) -> Value:
    """The function after one decorator."""
    if isinstance(decorator, Symbol) and (decorator.name in TRANSPARENT or decorator.name == "tensorflow.function"):
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
def library_call(ev: Evaluator, site: Site, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The value of calling a library symbol."""
    if name.startswith("builtins."):
        return builtin_calls.call(ev, site, name[len("builtins.") :], args, kwargs)
    if name == "functools.partial" and args:
        return Partial(args[0], tuple(args[1:]), kwargs, site.node)
    if name in ("collections.OrderedDict", "collections.namedtuple") and not args:
        return Mapping(dict(kwargs))
    if name in copies.COPIES and len(args) == 1 and not kwargs:
        return copies.copied(args[0], copies.COPIES[name])
    if not name.startswith("tensorflow"):
        return unknown(
            *args, *kwargs.values(), why="" if name.split(".")[0] in KNOWN_PURE else f"`{name}` is not known"
        )
    if name in DISTRIBUTED:
        return Const(False, mode=True) if not distributes(ev) else Opaque(Stage.STATIC, mode=True)
    rule = ev.rules.find(name)
    bound = bind_library(rule, name, args, kwargs)
    if name == learn.RUN:
        bound["experiment"] = learn.made_experiment(ev, site, bound)
    stage = library_stage(rule, name, [*args, *kwargs.values()])
    mode = any(depends_on_mode(v) for v in (*args, *kwargs.values()))
    if stage is Stage.CALL and name not in TRACED:
        bound = {k: shallow(v) for k, v in bound.items()}
    result = Result(name, site.node, bound, stage, site.scope.module, mode=mode)
    register_creation(ev, site, rule, name, bound)
    if name in ESTIMATOR_SPECS:
        spec_functions.apply(ev, site, result)
    return result


DISTRIBUTED = frozenset(
    ["tensorflow.contrib.distribute.has_distribution_strategy", "tensorflow.distribute.has_strategy"]
)


def distributes(ev: Evaluator) -> bool:
    """True when a model may be built for several devices: an Estimator does so where its RunConfig tells it to."""
    names = ("train_distribute", "experimental_distribute") if ev.mode == "train" else ("eval_distribute",)
    names = (*names, "experimental_distribute", "TPUStrategy")
    return not ev.mode or any(name in text for text in ev.project.sources.values() for name in names)


# the way from a loss to its train_op, which the lowering follows back through arguments
TRACED = frozenset(
    [
        "tensorflow.clip_by_global_norm",
        "tensorflow.clip_by_norm",
        "tensorflow.clip_by_value",
        "tensorflow.group",
        "tensorflow.tuple",
        "tensorflow.gradients",
    ]
)


def shallow(value: Value) -> Value:
    """A tensor argument without its own arguments: a deep network would otherwise be a value as deep."""
    if isinstance(value, Result) and value.stage is Stage.CALL and value.bound and value.symbol not in TRACED:
        return Result(value.symbol, value.call, {}, value.stage, value.module, value.part, mode=value.mode)
    if isinstance(value, Sequence):
        return Sequence([shallow(v) for v in value.items], value.kind, value.open, mode=value.mode)
    return value


KNOWN_PURE = frozenset(
    [
        "numpy",
        "os",
        "sys",
        "math",
        "random",
        "time",
        "datetime",
        "json",
        "re",
        "collections",
        "itertools",
        "functools",
        "operator",
        "copy",
        "glob",
        "string",
        "pandas",
        "argparse",
        "pathlib",
        "logging",
        "absl",
        "six",
        "typing",
    ]
)


def bind_library(rule: Rule | None, name: str, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Arguments by legacy name, where a signature is known; positional leftovers under their index."""
    signature = SIGNATURES.get(name) if rule is None or rule.signature is None else rule.signature
    aliases = dict(rule.aliases) if rule is not None else {}
    bound: dict[str, Value] = {}
    positional: tuple[str, ...] = parameters(signature).positional if signature is not None else ()
    for index, value in enumerate(args):
        bound[positional[index] if index < len(positional) else str(index)] = value
    bound.update({aliases.get(k, k): v for k, v in kwargs.items()})
    return bound


def library_stage(rule: Rule | None, name: str, inputs: list[Value]) -> Stage:
    """The stage of a library call's result."""
    if rule is not None and rule.kind in STATIC_KINDS:
        return Stage.STATIC
    if rule is not None and rule.kind in ("layer", "loss", "metric"):
        return Stage.CALL
    if name in VARIABLE_LISTS:
        return Stage.CALL  # a Keras model has its variables once it was called
    if name.startswith(STATIC_NAMESPACES):
        return max((stage_of(v) for v in inputs), default=Stage.STATIC) if name not in SIGNATURES else Stage.STATIC
    if name.startswith("tensorflow.contrib.") and rule is None:
        return max((stage_of(v) for v in inputs), default=Stage.STATIC)
    return Stage.CALL


def register_creation(ev: Evaluator, site: Site, rule: Rule | None, name: str, bound: dict[str, Value]) -> None:
    """Record variables that a library call makes."""
    if ev.module_level:
        return
    if name in VARIABLES:
        ev.create(site.node, bound.get("name"), "Variable")
    elif name in RNN_CALLS:
        ev.create(site.node, bound.get("scope"), "bidirectional_rnn" if "bidirectional" in name else "rnn")
    elif rule is not None and rule.kind == "layer" and rule.weights:
        given = bound.get(rule.name_arg) if rule.name_arg else None
        reuse = bound.get(rule.reuse_arg or "reuse")
        told = "no" if reuse is None else reuse_of(reuse)
        ev.create(site.node, given, rule.scope or name.rsplit(".", 1)[-1], told)


def reuse_of(value: Value) -> str:
    """The reuse flag that a layer or a variable_scope was given."""
    if isinstance(value, Const):
        known = {None: "no", True: "yes", False: "no", "auto": "auto"}
        return known.get(value.value, "unknown") if isinstance(value.value, (bool, str, type(None))) else "unknown"
    return "unknown"


def applied_layer(ev: Evaluator, callee: Member) -> Value:
    """The layer object of `layer.apply(x)`, which is `layer(x)`; any other attribute as it is."""
    base = callee.base
    rule = ev.rules.find(base.symbol) if isinstance(base, Result) and not base.part else None
    return base if callee.attr in APPLYING and rule is not None and rule.kind == "layer_class" else callee


def called_result(ev: Evaluator, site: Site, callee: Result, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Calling what a library call gave: a layer object, a cell, a template, a partial input function."""
    rule = ev.rules.find(callee.symbol)
    if rule is not None and rule.kind == "layer_class" and not callee.part:
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
def method_call(ev: Evaluator, site: Site, callee: Member, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A method of a value that is not a project object."""
    base = callee.base
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
        elif base.symbol == learn.ESTIMATOR:
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
    return unknown(base, *args, *kwargs.values())


def own_optimizer(
    ev: Evaluator, site: Site, base: Instance, attr: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A step of an optimizer class of the program's own: like one of the library's; its body is read for its facts."""
    method = lookup.class_member(base.cls, attr)
    if isinstance(method, Function):
        ev.supposing += 1
        call_function(ev, Function(method.node, method.scope, method.defaults, base, method.owner), site, args, kwargs)
        ev.supposing -= 1
    symbol = f"optimizer.{attr}"
    bound = {"self": base, **bind_library(None, symbol, args, kwargs)}
    return Result(symbol, site.node, bound, Stage.CALL, site.scope.module)


def scope_again(ev: Evaluator, scope: Result) -> ScopeEntry | None:
    """The scope that a scope object stands for: the innermost one, or one that was entered before."""
    if scope.symbol == CURRENT_SCOPE and not scope.part:
        return ev.scopes.top
    return ev.scopes.of(scope) if scope.symbol == "tensorflow.variable_scope" and not scope.part else None


def reuse_variables(ev: Evaluator, site: Site, scope: Result) -> None:
    """`scope.reuse_variables()`: from here on the innermost scope uses what is there; any other scope is refused."""
    innermost = scope.symbol == CURRENT_SCOPE or scope is ev.scopes.top.manager
    if innermost and not ev.weak:
        ev.scopes.top.reuse = "yes"
    elif not ev.supposing:
        ev.refuse("scope-object", site.node, "it is not known where reuse_variables holds", site.scope.module)


ESTIMATOR_LIKE = frozenset(
    {
        "tensorflow.estimator.Estimator",
        "tensorflow.estimator.tpu.TPUEstimator",
    }
)


def is_optimizer(name: str) -> bool:
    """True for optimizer classes, also those no rule covers, and for wrappers around one."""
    return name.startswith("tensorflow.") and name.endswith("Optimizer")


# ------------------------------------------------------------------------------------------------------ containers
def item(ev: Evaluator, base: Value, key: Value) -> Value:
    """The value of `base[key]`."""
    match base:
        case Mapping():
            if isinstance(key, Const) and key.value in base.items:
                return base.items[key.value]
            if base.items and not isinstance(key, Const):
                return join_all(base.items.values())
            return unknown(*base.items.values(), key)
        case Sequence():
            if isinstance(key, Const) and isinstance(key.value, int) and not base.open:
                if -len(base.items) <= key.value < len(base.items):
                    return base.items[key.value]
            if isinstance(key, Const):
                return join_all(base.items) if base.items else Opaque(Stage.STATIC)
            return join(join_all(base.items), unknown(key)) if base.items else unknown(key)
        case Result():
            if isinstance(key, Const):
                return Result(
                    base.symbol, base.call, base.bound, base.stage, base.module, (*base.part, key.value), mode=base.mode
                )
            return unknown(base, key)
        case Const():
            if isinstance(key, Const) and isinstance(base.value, (str, tuple)):
                try:
                    return Const(base.value[key.value], mode=base.mode or key.mode)
                except (IndexError, TypeError):
                    return unknown(base, key)
        case Choice():
            return join_all([item(ev, option, key) for option in base.options])
    return unknown(base, key)


def store_item(ev: Evaluator, base: Value, key: Value, value: Value) -> None:
    """`base[key] = value` on a container of the program."""
    match base:
        case Mapping():
            if isinstance(key, Const):
                old = base.items.get(key.value)
                weakly = ev.weak and old is not None
                base.items[key.value] = join(old, value) if weakly and old is not None else value
                base.open = base.open or bool(ev.weak and old is None)
            elif active("unknown-key"):
                for name, old in base.items.items():
                    base.items[name] = join(old, value)
                base.open = True
        case Sequence():
            if (
                isinstance(key, Const)
                and isinstance(key.value, int)
                and -len(base.items) <= key.value < len(base.items)
            ):
                old = base.items[key.value]
                base.items[key.value] = join(old, value) if ev.weak else value
            else:
                base.items[:] = [join(old, value) for old in base.items]


def extend(ev: Evaluator, base: Sequence, more: Value) -> None:
    """`base += more` or base.extend(more)."""
    if isinstance(more, Sequence):
        base.items.extend(more.items)
        base.open = base.open or more.open or bool(ev.weak)
    else:
        base.items.append(unknown(more))
        base.open = True


def surviving_name(name: str) -> bool:
    """True when the symbol exists unchanged in today's TensorFlow."""
    return canonical(name)[len("tensorflow.") :] in surviving()


def is_cell(name: str) -> bool:
    """True for recurrent cell classes."""
    return name.rsplit(".", 1)[-1] in CELLS and (".rnn_cell." in name or ".rnn." in name)
