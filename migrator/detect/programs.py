"""Finds what a project does with Estimators: model_fns, constructions, train / evaluate / predict / export calls."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from migrator.analysis import calls, lookup
from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import Facts
from migrator.analysis.signatures import ESTIMATOR_SPECS, ESTIMATORS
from migrator.analysis.values import (
    ClassRef,
    Function,
    Instance,
    Member,
    Opaque,
    Result,
    Scope,
    Stage,
    Symbol,
    Value,
    join_all,
    options,
)
from migrator.detect.program import ModelFn, Program
from migrator.detect.uses import find_constructions, find_escapes, find_uses, functions_of
from migrator.rulebook import Rulebook
from migrator.source.module import Module
from migrator.source.project import Project
from migrator.source.syntax import children, descendants

LABELS = ("labels", "targets")  # what a model_fn calls them; tf.contrib.learn took both names
MARKS = ("stimator", "ModelFnOps", "model_fn")
USES = frozenset({"train", "evaluate", "predict", "export_savedmodel", "export_saved_model"})


STARTING = ("tensorflow.app.run", "absl.app.run")
SURVEYED_CALLS = 20_000  # calls that a survey of a project follows


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
    read = frozenset[str]().union(*(names_read(ev.modules[path].module) for path in around if path in ev.modules))
    for path in sorted(around, key=lambda path: (path not in paths, path)):
        # what nobody calls comes first: it tells what the others are given
        if path in ev.modules and ev.all_calls <= SURVEYED_CALLS:
            evaluate_program(ev, ev.modules[path])
            evaluate_all(ev, ev.modules[path], read)
    for function in started(facts):
        if ev.all_calls <= SURVEYED_CALLS:
            ev.calls = 0
            calls.call_function(ev, function, None, [], {})
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
                if path not in around:
                    evaluate_program(ev, ev.modules[path])
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


def started(facts: Facts) -> list[Function]:
    """The functions that a program hands to `tf.app.run` and its like, which nobody was seen to call."""
    values = [value for by_mode in facts.values.values() for value in by_mode.values()]
    made = [value for value in values if isinstance(value, Result) and value.symbol in STARTING]
    given = [f for result in made for value in result.bound.values() for f in functions_of(value)]
    return [function for function in given if function.node not in facts.frames]


def lambdas(facts: Facts) -> list[Function]:
    """The lambdas that nobody was seen to call: a library does, and what they reach is part of the program."""
    unseen = [v for node, v in facts.values.items() if isinstance(node, ast.Lambda) and node not in facts.frames]
    return [f for values in unseen for value in values.values() for f in functions_of(value)]


def names_read(module: Module) -> frozenset[str]:
    """The names that a file reads, those of attributes among them."""
    loads = [n for n in descendants(module.tree) if isinstance(n, (ast.Name, ast.Attribute))]
    return frozenset(n.id if isinstance(n, ast.Name) else n.attr for n in loads if isinstance(n.ctx, ast.Load))


def evaluate_program(ev: Evaluator, scope: Scope) -> None:
    """Evaluate the part of a module that runs when it is the program."""
    main = Scope(scope.module, {}, scope, rebound=scope.rebound)
    ev.calls = 0
    for node in scope.module.tree.body:
        if lookup.is_main_guard(node):
            ev.block([node], main)
        else:
            main.names.update(ev.bound_at_top.get(node, {}))


def evaluate_all(ev: Evaluator, scope: Scope, known: frozenset[str] = frozenset()) -> None:
    """Evaluate a module's functions and methods once each, but for those of a `known` name and what Python calls."""
    for definition in descendants(scope.module.tree):
        if isinstance(definition, ast.FunctionDef) and definition not in ev.facts.frames:
            if known and (definition.name in known or definition.name.startswith("__")):
                continue
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


# ---------------------------------------------------------------------------------------------------- program level
