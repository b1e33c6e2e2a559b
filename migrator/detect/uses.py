"""Estimator constructions, the calls on them, and where an Estimator leaves what can be seen."""

from __future__ import annotations

import ast

from migrator.analysis import calls, learn, lookup
from migrator.analysis.facts import Facts
from migrator.analysis.signatures import ESTIMATORS, STOPPING_HOOKS
from migrator.analysis.values import Function, Opaque, Partial, Result, Symbol, Value, join_all, options
from migrator.detect.program import Construction, Use

# what is handed an Estimator -> the kind of use
HANDED = {
    "tensorflow.estimator.train_and_evaluate": "train_and_evaluate",
    learn.EXPERIMENT: "experiment",
    learn.PREDICTOR: "predictor",
    **dict.fromkeys(STOPPING_HOOKS, "stop_if"),
}
HARMLESS = frozenset({*HANDED, "tensorflow.logging.info", "functools.partial"})


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
                given = options(receiver) if receiver is not None else ()
                asked = [(o, calls.trained(o)) for o in given if isinstance(o, Result)]
                made = tuple(one.call if isinstance(one, Result) else o.call for o, one in asked)
                previous = found.get(node)
                if previous is not None:
                    made = tuple(dict.fromkeys((*previous.estimators, *made)))
                found[node] = Use(node, option.module, kind, option, made)
    return sorted(found.values(), key=lambda u: (u.module.path, u.call.lineno))


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
        results = [calls.trained(o) for v in handed if v is not None for o in options(v) if isinstance(o, Result)]
        made = [o for o in results if isinstance(o, Result) and o.symbol in ESTIMATORS and not o.part]
        if made and isinstance(value, Result):
            found.append(Use(call, value.module, "escape", value, tuple(o.call for o in made)))
    return sorted(found, key=lambda u: (u.module.path, u.call.lineno))


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
