"""Finds what a project does with Estimators: model_fns, constructions, train / evaluate / predict / export calls."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import PurePosixPath

from migrator.analysis import calls, learn, lookup
from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import MODES, Facts
from migrator.analysis.signatures import ESTIMATOR_SPECS, ESTIMATORS, STOPPING_HOOKS
from migrator.analysis.told import Told, told_training
from migrator.analysis.values import (
    ClassRef,
    Const,
    Function,
    Instance,
    Member,
    Opaque,
    Partial,
    Result,
    Scope,
    Stage,
    Symbol,
    Value,
    join_all,
    options,
)
from migrator.rulebook import Rulebook
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import children, descendants

LABELS = ("labels", "targets")  # what a model_fn calls them; tf.contrib.learn took both names
MARKS = ("stimator", "ModelFnOps", "model_fn")
USES = frozenset({"train", "evaluate", "predict", "export_savedmodel", "export_saved_model"})


@dataclasses.dataclass(frozen=True, eq=False)
class ModelFn:
    """A function that returns EstimatorSpecs. `function` is one value of it, closure included."""

    node: ast.FunctionDef
    module: Module
    function: Function
    qualname: str
    classes: tuple[ClassRef, ...] = ()  # of the objects whose method it is, where the program makes some


@dataclasses.dataclass(frozen=True, eq=False)
class Construction:
    """`tf.estimator.Estimator(...)` with the model_fns that it may be given."""

    call: ast.Call
    module: Module
    result: Result
    model_fns: tuple[ast.FunctionDef, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Use:
    """A call on an Estimator, or train_and_evaluate; `estimators` are the constructions it may be made on."""

    call: ast.Call
    module: Module
    kind: str
    result: Result
    estimators: tuple[ast.Call, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """The program model of a project."""

    facts: Facts
    model_fns: tuple[ModelFn, ...]
    constructions: tuple[Construction, ...]
    uses: tuple[Use, ...]
    escapes: tuple[Use, ...]
    unattached: tuple[ModelFn, ...]  # functions of a model_fn's form that nothing here shows to be one
    functions: dict[ast.AST, Function]
    whole: bool  # every function was looked at in the files that use Estimators, and in those that use such files


SURVEYED_CALLS = 15_000  # calls that a survey of a project follows


def candidates(project: Project) -> list[str]:
    """Files whose text mentions Estimators at all."""
    return [path for path, text in sorted(project.sources.items()) if any(mark in text for mark in MARKS)]


def users(project: Project, paths: list[str]) -> list[str]:
    """Other files that read TensorFlow and import one of these: scripts around a model that another file holds."""
    stems = {PurePosixPath(path).stem for path in paths}
    naming = [
        path
        for path, text in sorted(project.sources.items())
        if path not in paths and "tensorflow" in text and any(stem in text for stem in stems)
    ]
    return [path for path in naming if project.imports(path) & set(paths)]


def survey(project: Project, rules: Rulebook) -> tuple[Program, Evaluator]:
    """Evaluate every function of the files that use Estimators, or that those import, with unknown arguments."""
    ev = Evaluator(project, rules)
    facts = Facts()
    ev.begin("", facts)
    paths = candidates(project)
    around = [*paths, *users(project, paths)]
    for path in around:
        lookup.module_scope(ev, path)
    done: set[str] = set()
    called: set[ast.AST] = set()
    whole = True
    while True:
        for path in sorted(set(ev.modules) - done, key=lambda path: (path not in paths, path not in around, path)):
            done.add(path)
            if ev.all_calls > SURVEYED_CALLS:
                whole = whole and path not in around  # of what those import, all that they call was entered
                continue
            text = project.sources[path]
            if "tensorflow" in text or path in paths:
                evaluate_all(ev, ev.modules[path])
        waiting = [f for f in lambdas(facts) if f.node not in called]
        if not waiting and not set(ev.modules) - done:
            break
        for function in waiting:
            called.add(function.node)
            ev.calls = 0
            calls.call_function(ev, function, None, [], {})
    found = tuple(find_model_fns(ev, facts))
    program = Program(
        facts,
        found,
        tuple(find_constructions(facts)),
        tuple(find_uses(facts)),
        tuple(find_escapes(facts)),
        tuple(find_unattached(ev, found)),
        dict(ev.functions),
        whole,
    )
    return program, ev


def lambdas(facts: Facts) -> list[Function]:
    """The lambdas that nobody was seen to call: a library does, and what they reach is part of the program."""
    unseen = [v for node, v in facts.values.items() if isinstance(node, ast.Lambda) and node not in facts.frames]
    return [f for values in unseen for value in values.values() for f in functions_of(value)]


def evaluate_all(ev: Evaluator, scope: Scope) -> None:
    """Evaluate a module's functions, methods and program part once each."""
    module = scope.module
    main = Scope(module, {}, scope)
    ev.calls = 0
    for node in module.tree.body:
        if lookup.is_main_guard(node):
            ev.block([node], main)
    for definition in descendants(module.tree):
        if isinstance(definition, ast.FunctionDef) and definition not in ev.facts.frames:
            function = ev.functions.get(definition)
            if function is None:
                continue
            ev.calls = 0
            ev.scopes = type(ev.scopes)()
            calls.call_function(ev, with_self(ev, function), None, [], {})


def with_self(ev: Evaluator, function: Function) -> Function:
    """A method bound to an object of its class with unknown constructor arguments."""
    if function.owner is None or function.bound is not None or not isinstance(function.node, ast.FunctionDef):
        return function
    if any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.node.decorator_list):
        return function
    instance = sample_instance(ev, function)
    return Function(function.node, function.scope, function.defaults, instance, function.owner)


def sample_instance(ev: Evaluator, function: Function) -> Instance:
    """An object of a method's class as its __init__ leaves it."""
    assert function.owner is not None
    instance = Instance(function.owner, {}, open=True, sampled=True)
    init = lookup.class_member(function.owner, "__init__")
    if isinstance(init, Function) and init.node is not function.node:
        bound = Function(init.node, init.scope, init.defaults, instance, init.owner)
        calls.call_function(ev, bound, None, [], {})
    return instance


def any_instance(ev: Evaluator, cls: ClassRef, survey: Facts) -> Instance:
    """An object of a class as any of its constructions leaves it: of their arguments, only functions are known."""
    instance = Instance(cls, {}, open=any(isinstance(b, (Symbol, Opaque)) for b in cls.bases), sampled=True)
    init = lookup.class_member(cls, "__init__")
    if not isinstance(init, Function):
        return instance
    made = [f for f in survey.frames.get(init.node, []) if f.call is not None and not f.supposed]
    parameters = (*init.node.args.posonlyargs, *init.node.args.args, *init.node.args.kwonlyargs)
    given: dict[str, Value] = {}
    for name in [p.arg for p in parameters][1:]:
        values = [f.arguments[name] for f in made if name in f.arguments]
        values = values or [init.defaults.get(name, Opaque(Stage.STATIC))]
        known = all(calls.carries_program(v) or isinstance(v, Symbol) for v in values)
        given[name] = join_all(values) if known else Opaque(Stage.STATIC)
    calls.call_function(ev, Function(init.node, init.scope, init.defaults, instance, init.owner), None, [], given)
    return instance


# ------------------------------------------------------------------------------------------------------- model_fns
def find_model_fns(ev: Evaluator, facts: Facts) -> list[ModelFn]:
    """Functions that make a spec themselves, or that an Estimator is given."""
    found: dict[ast.FunctionDef, Function] = {}
    classes: dict[ast.FunctionDef, list[ClassRef]] = {}
    makers = {call for call, values in facts.callees.items() if any(makes_spec(o) for v in values for o in options(v))}
    for node, function in ev.functions.items():
        if isinstance(node, ast.FunctionDef) and any(n in makers for n in own_nodes(node)):
            found[node] = function
    for values in facts.values.values():
        for value in values.values():
            if isinstance(value, Result) and value.symbol in ESTIMATORS and not value.part:
                for function in functions_of(value.bound.get("model_fn")):
                    if isinstance(function.node, ast.FunctionDef):
                        found[function.node] = function
                        this = object_of(function)
                        known = classes.setdefault(function.node, [])
                        if this is not None and not this.sampled and all(c.node is not this.cls.node for c in known):
                            known.append(this.cls)
    ordered = sorted(found.items(), key=lambda item: (item[1].scope.module.path, item[0].lineno))
    return [
        ModelFn(n, f.scope.module, f, qualified_name(f.scope.module, n), tuple(classes.get(n, ()))) for n, f in ordered
    ]


def object_of(function: Function) -> Instance | None:
    """The object whose method a function is, or is made in."""
    this: Value | None = function.bound
    scope: Scope | None = function.scope
    while this is None and scope is not None and scope.parent is not None:
        this = scope.names.get("self")
        scope = scope.parent
    return this if isinstance(this, Instance) else None


def find_unattached(ev: Evaluator, known: tuple[ModelFn, ...]) -> list[ModelFn]:
    """Functions with the parameters of a model_fn that no Estimator is given and that make no spec of TensorFlow's."""
    taken = {fn.node for fn in known}
    found: list[ModelFn] = []
    for node, function in ev.functions.items():
        if not isinstance(node, ast.FunctionDef) or node in taken:
            continue
        names = {p.arg for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        alike = {"features", "mode"} <= names and bool(names & {"labels", "targets", "label", "params", "config"})
        if alike or (node.name.endswith("model_fn") and len(names) > 2):
            module = function.scope.module
            found.append(ModelFn(node, module, function, qualified_name(module, node)))
    return sorted(found, key=lambda fn: (fn.module.path, fn.node.lineno))


def makes_spec(callee: Value) -> bool:
    """True for the constructor of a spec, and for the method of a head that makes one."""
    if isinstance(callee, Symbol):
        return callee.name in ESTIMATOR_SPECS
    return isinstance(callee, Member) and callee.attr == "create_estimator_spec"


def functions_of(value: Value | None) -> list[Function]:
    """The project functions that a value may be, through partials; of an object, the method that a call runs."""
    found: list[Function] = []
    for option in options(value) if value is not None else ():
        while isinstance(option, Partial):
            option = option.function
        option = lookup.as_function(option)
        if isinstance(option, Function):
            found.append(option)
    return found


def own_nodes(node: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function's body, nested definitions left out."""
    found: list[ast.AST] = []
    todo: list[ast.AST] = list(node.body)
    while todo:
        inner = todo.pop()
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            continue
        found.append(inner)
        todo.extend(children(inner))
    return found


def qualified_name(module: Module, node: ast.AST) -> str:
    """The dotted name of a definition as `__qualname__` writes it."""

    def search(body: ast.AST, prefix: str) -> str | None:
        for child in children(body):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                name = f"{prefix}{child.name}"
                if child is node:
                    return name
                inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
                found = search(child, inner)
            else:
                found = search(child, prefix)
            if found is not None:
                return found
        return None

    return search(module.tree, "") or str(getattr(node, "name", ""))


def evaluate_model_fns(project: Project, rules: Rulebook, fns: list[ModelFn], survey_ev: Evaluator) -> Facts:
    """The facts of model_fns in every mode; several when they delegate to one function that makes the specs."""
    key = tuple(fn.node for fn in fns)
    if key in survey_ev.evaluated:
        return survey_ev.evaluated[key]
    facts = evaluate_modes(project, rules, fns, survey_ev, frozenset())
    told = told_training(facts)
    if told:
        facts = evaluate_modes(project, rules, fns, survey_ev, told)
    with_defaults(facts, survey_ev.facts)
    survey_ev.evaluated[key] = facts
    return facts


def with_defaults(facts: Facts, survey: Facts) -> None:
    """Adds what is known of the defaults of parameters, which the survey evaluated where the functions are defined."""
    for definition in facts.frames:
        arguments = getattr(definition, "args", None)
        defaults = [*arguments.defaults, *arguments.kw_defaults] if isinstance(arguments, ast.arguments) else []
        for node in (n for default in defaults if default is not None for n in descendants(default)):
            if node in survey.values:
                facts.values.setdefault(node, survey.values[node])
            if isinstance(node, ast.Call) and node in survey.callees:
                facts.callees.setdefault(node, survey.callees[node])


def evaluate_modes(project: Project, rules: Rulebook, fns: list[ModelFn], survey_ev: Evaluator, told: Told) -> Facts:
    """One run over every mode; `told`: parameters that are known to tell the mode."""
    facts = Facts()
    ev = Evaluator(project, rules)
    ev.modules = survey_ev.modules
    ev.told = told
    for fn in fns:
        arguments = fn.node.args
        names = [p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        for mode in MODES:
            ev.begin(mode, facts)
            function = of_any_object(ev, fn, survey_ev.facts)
            ev.scopes = type(ev.scopes)()  # its object was made before the graph
            given: dict[str, Value] = {
                "features": Opaque(Stage.CALL),
                **{name: Const(None, mode=True) if mode == "infer" else Opaque(Stage.CALL) for name in LABELS},
                "mode": Const(mode, mode=True),
                "params": Opaque(Stage.STATIC),
            }
            calls.call_function(ev, function, None, [], {k: v for k, v in given.items() if k in names})
    return facts


def of_any_object(ev: Evaluator, fn: ModelFn, survey: Facts) -> Function:
    """A model_fn that is a method, or made in one, with an object that stands for all the program makes."""
    function = fn.function
    if function.bound is not None and not isinstance(function.bound, Instance):
        return function
    sample = with_self(ev, function)
    this = object_of(sample)
    if this is None:
        return function
    made = ev.facts.creations.setdefault(ev.mode, [])
    before = len(made)
    this = any_instance(ev, fn.classes[0] if fn.classes else this.cls, survey)
    del made[before:]
    if sample.bound is not None:
        return Function(sample.node, sample.scope, sample.defaults, this, sample.owner)
    return Function(function.node, with_object(function.scope, this), function.defaults, None, function.owner)


def with_object(scope: Scope, this: Instance) -> Scope:
    """The scopes around a function of a method, with another object as `self`."""
    if "self" in scope.names:
        return Scope(scope.module, {**scope.names, "self": this}, scope.parent, scope.outer_names)
    outer = with_object(scope.parent, this) if scope.parent is not None else None
    return Scope(scope.module, scope.names, outer, scope.outer_names)


# ---------------------------------------------------------------------------------------------------- program level
def find_constructions(facts: Facts) -> list[Construction]:
    """Every Estimator construction met, once."""
    found: dict[ast.Call, Construction] = {}
    for node, values in facts.values.items():
        for value in values.values():
            for option in options(value):
                if (
                    isinstance(option, Result)
                    and option.symbol in ESTIMATORS
                    and option.call is node
                    and not option.part
                ):
                    given = functions_of(option.bound.get("model_fn"))
                    fns = tuple(dict.fromkeys(f.node for f in given if isinstance(f.node, ast.FunctionDef)))
                    found[option.call] = Construction(option.call, option.module, option, fns)
    return sorted(found.values(), key=lambda c: (c.module.path, c.call.lineno))


def find_uses(facts: Facts) -> list[Use]:
    """Every call on an Estimator met, once, with the constructions that may be behind it."""
    found: dict[ast.Call, Use] = {}
    for node, values in facts.values.items():
        if not isinstance(node, ast.Call):
            continue
        for value in values.values():
            for option in options(value):
                if not isinstance(option, Result) or option.call is not node or option.part:
                    continue
                head, _, kind = option.symbol.partition(".")
                if head in ("estimator", "learner") and kind.startswith(("evaluate.", "predict.")):
                    continue  # a method of the results, which are a dictionary or a generator
                if head in ("estimator", "learner"):
                    receiver = option.bound.get("self")
                elif option.symbol in HANDED:
                    receiver, kind = option.bound.get("estimator"), HANDED[option.symbol]
                elif option.symbol == learn.RUN:
                    receiver, kind = estimator_within(option), "run_experiment"
                else:
                    continue
                made = tuple(o.call for o in options(receiver) if isinstance(o, Result)) if receiver is not None else ()
                previous = found.get(node)
                if previous is not None:
                    made = tuple(dict.fromkeys((*previous.estimators, *made)))
                found[node] = Use(node, option.module, kind, option, made)
    return sorted(found.values(), key=lambda u: (u.module.path, u.call.lineno))


# what is handed an Estimator -> the kind of use
HANDED = {
    "tensorflow.estimator.train_and_evaluate": "train_and_evaluate",
    learn.EXPERIMENT: "experiment",
    learn.PREDICTOR: "predictor",
    **dict.fromkeys(STOPPING_HOOKS, "stop_if"),
}


def estimator_within(run: Result) -> Value | None:
    """The Estimators of the Experiments that a runner makes; None where it may make something else."""
    found = [o for o in options(run.bound["experiment"]) if not isinstance(o, Opaque)]
    made = [o.bound.get("estimator") for o in found if isinstance(o, Result) and o.symbol == learn.EXPERIMENT]
    known = [value for value in made if value is not None]
    return join_all(known) if known and len(known) == len(found) else None


def find_escapes(facts: Facts) -> list[Use]:
    """Library calls that are handed an Estimator and are not among its uses: what they do with it is not in sight."""
    found: list[Use] = []
    for call, callees in facts.callees.items():
        known = {o for callee in callees for o in options(callee)}
        if any(not isinstance(o, Symbol) or o.name in HARMLESS or o.name.startswith("builtins.") for o in known):
            continue
        value = facts.value(call)
        handed = [facts.value(a) for a in (*call.args, *(k.value for k in call.keywords))]
        results = [o for v in handed if v is not None for o in options(v) if isinstance(o, Result)]
        made = [o for o in results if o.symbol in ESTIMATORS and not o.part]
        if made and isinstance(value, Result):
            found.append(Use(call, value.module, "escape", value, tuple(o.call for o in made)))
    return sorted(found, key=lambda u: (u.module.path, u.call.lineno))


HARMLESS = frozenset({*HANDED, "tensorflow.logging.info", "functools.partial"})
