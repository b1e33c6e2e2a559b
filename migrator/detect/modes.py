"""The facts of model_fns: each evaluated once per mode, with what the survey knows of its program."""

from __future__ import annotations

import ast

from migrator.analysis import calls
from migrator.analysis.evaluate import Evaluator
from migrator.analysis.facts import MODES, Facts
from migrator.analysis.told import Told, told_training
from migrator.analysis.values import Const, Function, Instance, Opaque, Scope, Stage, Value
from migrator.detect.program import ModelFn
from migrator.detect.programs import LABELS, any_instance, object_of, with_self
from migrator.rulebook import Rulebook
from migrator.source.project import Project
from migrator.source.syntax import descendants


def evaluate_model_fns(
    project: Project, rules: Rulebook, fns: list[ModelFn], survey_ev: Evaluator, untrained: Told = frozenset()
) -> Facts:
    """The facts of model_fns in every mode; several when they delegate to one function that makes the specs.

    `untrained`: parameters that are to tell the mode here as they do in other model_fns (see `told.untrained`).
    """
    key: tuple[ast.AST | Told, ...] = (*(fn.node for fn in fns), untrained)
    if key in survey_ev.evaluated:
        return survey_ev.evaluated[key]
    facts = evaluate_modes(project, rules, fns, survey_ev, frozenset(), untrained)
    told = told_training(facts)
    if told:
        facts = evaluate_modes(project, rules, fns, survey_ev, told, untrained)
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


def evaluate_modes(
    project: Project, rules: Rulebook, fns: list[ModelFn], survey_ev: Evaluator, told: Told, untrained: Told
) -> Facts:
    """One run over every mode; `told` and `untrained`: parameters that are known to tell the mode."""
    facts = Facts()
    ev = Evaluator(project, rules)
    ev.modules = survey_ev.modules
    ev.told, ev.untrained = told, untrained
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
