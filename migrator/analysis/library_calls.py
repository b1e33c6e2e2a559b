"""Calls of the library under abstract evaluation: their stage, the variables they create, the scopes they reuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.analysis import builtin_calls, copies, learn, lookup, phases, six_names, spec_functions
from migrator.analysis.signatures import (
    CELLS,
    ESTIMATOR_SPECS,
    GLOBAL_STEPS,
    RNN_CALLS,
    SIGNATURES,
    STATIC_NAMESPACES,
    VARIABLE_LISTS,
    VARIABLES,
)
from migrator.analysis.sites import Site
from migrator.analysis.values import (
    Const,
    Function,
    Instance,
    Mapping,
    Opaque,
    Partial,
    Result,
    Sequence,
    Stage,
    Value,
    depends_on_mode,
    stage_of,
    unknown,
)
from migrator.rulebook import Rule, parameters

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.analysis.scopes import ScopeEntry


STATIC_KINDS = frozenset({"initializer", "regularizer", "optimizer", "schedule", "layer_class"})
REPLICATED = "tensorflow.contrib.estimator.replicate_model_fn"
CURRENT_SCOPE = "tensorflow.get_variable_scope"
DISTRIBUTED = frozenset(
    ["tensorflow.contrib.distribute.has_distribution_strategy", "tensorflow.distribute.has_strategy"]
)
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


def library_call(ev: Evaluation, site: Site, name: str, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The value of calling a library symbol."""
    if name.startswith("builtins."):
        return builtin_calls.call(ev, site, name[len("builtins.") :], args, kwargs)
    if name in six_names.METHODS and len(args) == 1:
        return builtin_calls.method(ev, args[0], six_names.METHODS[name], [], {})
    if name == "functools.partial" and args:
        return Partial(args[0], tuple(args[1:]), kwargs, site.node)
    if name in ("collections.OrderedDict", "collections.namedtuple") and not args:
        return Mapping(dict(kwargs))
    if name in copies.COPIES and len(args) == 1 and not kwargs:
        return copies.copied(args[0], copies.COPIES[name])
    if name == REPLICATED and (args or "model_fn" in kwargs):
        return args[0] if args else kwargs["model_fn"]  # on one device it is the model_fn
    if not name.startswith("tensorflow"):
        why = "" if name.split(".")[0] in KNOWN_PURE else f"`{name}` is not in the files read"
        return unknown(*args, *kwargs.values(), why=why)
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
    if phases.is_setter(name):
        phases.set_phase(ev, next(iter((*args, *kwargs.values())), None))
    if name in ESTIMATOR_SPECS:
        spec_functions.apply(ev, site, result)
    return result


def distributes(ev: Evaluation) -> bool:
    """True when a model may be built for several devices: an Estimator does so where its RunConfig tells it to."""
    names = ("train_distribute", "experimental_distribute") if ev.mode == "train" else ("eval_distribute",)
    names = (*names, "experimental_distribute", "TPUStrategy")
    return not ev.mode or any(name in text for text in ev.project.sources.values() for name in names)


def shallow(value: Value) -> Value:
    """A tensor argument without its own arguments: a deep network would otherwise be a value as deep."""
    if isinstance(value, Result) and value.stage is Stage.CALL and value.bound and value.symbol not in TRACED:
        return Result(value.symbol, value.call, {}, value.stage, value.module, value.part, mode=value.mode)
    if isinstance(value, Sequence):
        return Sequence([shallow(v) for v in value.items], value.kind, value.open, mode=value.mode)
    return value


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
    if name in GLOBAL_STEPS:
        return Stage.CALL  # it counts on while the model trains
    if name.startswith(STATIC_NAMESPACES):
        return max((stage_of(v) for v in inputs), default=Stage.STATIC) if name not in SIGNATURES else Stage.STATIC
    if name.startswith("tensorflow.contrib.") and rule is None:
        return max((stage_of(v) for v in inputs), default=Stage.STATIC)
    return Stage.CALL


def register_creation(ev: Evaluation, site: Site, rule: Rule | None, name: str, bound: dict[str, Value]) -> None:
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


def own_optimizer(
    ev: Evaluation, site: Site, base: Instance, attr: str, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A step of an optimizer class of the program's own: like one of the library's; its body is read for its facts."""
    method = lookup.class_member(base.cls, attr)
    if isinstance(method, Function):
        ev.supposing += 1
        ev.call_function(Function(method.node, method.scope, method.defaults, base, method.owner), site, args, kwargs)
        ev.supposing -= 1
    symbol = f"optimizer.{attr}"
    bound = {"self": base, **bind_library(None, symbol, args, kwargs)}
    return Result(symbol, site.node, bound, Stage.CALL, site.scope.module)


def scope_again(ev: Evaluation, scope: Result) -> ScopeEntry | None:
    """The scope that a scope object stands for: the innermost one, or one that was entered before."""
    if scope.symbol == CURRENT_SCOPE and not scope.part:
        return ev.scopes.top
    return ev.scopes.of(scope) if scope.symbol == "tensorflow.variable_scope" and not scope.part else None


def reuse_variables(ev: Evaluation, site: Site, scope: Result) -> None:
    """`scope.reuse_variables()`: from here on the innermost scope uses what is there; any other scope is refused.

    Where a branch decides that, what is there must be meant: TensorFlow would raise otherwise. A loop in the scope is
    another matter, whose first trip makes what the second takes.
    """
    top = ev.scopes.top
    innermost = scope.symbol == CURRENT_SCOPE or scope is top.manager
    if innermost and ev.scopes.loops == top.depth:
        top.reuse = "yes" if ev.weak - ev.scopes.loops == top.conditions else "unknown"
    elif not ev.supposing:
        ev.refuse("scope-object", site.node, "it is not known where reuse_variables holds", site.scope.module)


def is_optimizer(name: str) -> bool:
    """True for optimizer classes, also those no rule covers, and for wrappers around one."""
    return name.startswith("tensorflow.") and name.endswith("Optimizer")


def is_cell(name: str) -> bool:
    """True for recurrent cell classes."""
    return name.rsplit(".", 1)[-1] in CELLS and (".rnn_cell." in name or ".rnn." in name)
