"""Functions that a TPUEstimatorSpec holds instead of values: the library calls them on the tensors beside them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import sites
from migrator.analysis.values import (
    Function,
    Mapping,
    Opaque,
    Partial,
    Result,
    Sequence,
    Stage,
    Value,
    is_none,
    options,
)

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.analysis.sites import Site

APPLIED = {"eval_metrics": "eval_metric_ops", "host_call": "host_call_result", "scaffold_fn": "scaffold"}


def apply(ev: Evaluation, site: Site, spec: Result) -> None:
    """Evaluate the functions of a spec. What each returns is bound under the name of the field that it stands for.

    `facts.applied` holds the call that the library makes, by spec and field: a node without a place in the source,
    whose callee and arguments the lowering fills in.
    """
    if not ev.mode or ev.module_level:
        return
    apply_restoring(ev, site, spec)
    for field, result in APPLIED.items():
        given = spec.bound.get(field)
        parts = function_and_arguments(field, given) if given is not None else None
        if parts is None:
            continue
        function, args, kwargs = parts
        key = (site.node, field)
        if key not in ev.facts.applied:
            ev.facts.applied[key] = ast.copy_location(ast.Call(ast.Name(field, ast.Load()), [], []), site.node)
        call = ev.facts.applied[key]
        known = ev.facts.callees.setdefault(call, [])
        if not any(k is function for k in known):
            known.append(function)
        spec.bound[result] = ev.call_value(sites.Site(call, site.scope, True), function, args, kwargs)


def apply_restoring(ev: Evaluation, site: Site, spec: Result) -> None:
    """Evaluate the `init_fn` of a spec's Scaffold, which is called with the scaffold and a session."""
    given = spec.bound.get("scaffold")
    for option in options(given) if given is not None else ():
        function = option.bound.get("init_fn") if isinstance(option, Result) else None
        for called in options(function) if function is not None else ():
            if isinstance(called, Function) and called.node not in ev.facts.frames:
                call = ast.copy_location(ast.Call(ast.Name("init_fn", ast.Load()), [], []), site.node)
                arguments: list[Value] = [Opaque(Stage.STATIC), Opaque(Stage.STATIC)]
                ev.call_value(sites.Site(call, site.scope, True), called, arguments, {})


def function_and_arguments(field: str, given: Value) -> tuple[Value, list[Value], dict[str, Value]] | None:
    """The function of a field and what it is called with; None when either cannot be followed."""
    if field == "scaffold_fn":
        found = [option for option in options(given) if is_none(option) is not True]
        return (found[0], [], {}) if len(found) == 1 and isinstance(found[0], (Function, Partial)) else None
    if field == "host_call":  # under a condition it is given or not: it is only asked what it does
        found = [option for option in options(given) if is_none(option) is not True]
        given = found[0] if len(found) == 1 else given
    if not isinstance(given, Sequence) or given.open or len(given.items) != 2:
        return None
    function, tensors = given.items
    chosen = field == "eval_metrics" and all(isinstance(option, Function) for option in options(function))
    if not isinstance(function, (Function, Partial)) and not chosen:
        return None
    if field == "host_call" and not (isinstance(tensors, Sequence) and not tensors.open):
        return function, [], {}  # what it is given does not matter: it is only asked what it does
    if isinstance(tensors, Sequence) and not tensors.open:
        return function, tensors.items, {}
    if isinstance(tensors, Mapping) and not tensors.open and all(isinstance(k, str) for k in tensors.items):
        return function, [], dict(tensors.items)
    return None
