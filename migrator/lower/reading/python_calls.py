"""What a call to a function of the program says: its arguments by parameter, its object, its defaults."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, Instance, Value, options

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site
    from migrator.source.module import Module


def python_arguments(ctx: Context, module: Module, definition: ast.FunctionDef, call: ast.Call) -> dict[str, ast.expr]:
    """Parameter -> argument of a call to a project function; `self` is left out."""
    parameters = [p.arg for p in (*definition.args.posonlyargs, *definition.args.args)]
    values = list(ctx.facts.callees.get(call, []))
    if (any(is_bound(v) for v in values) or definition.name == "__init__") and parameters:
        parameters = parameters[1:]
    bound: dict[str, ast.expr] = {}
    for name, argument in zip(parameters, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            raise ctx.refuse("star-arguments", call, module, "arguments passed with * cannot be told apart")
        bound[name] = argument
    for keyword in call.keywords:
        if keyword.arg is None:
            raise ctx.refuse("star-arguments", call, module, "arguments passed with ** cannot be told apart")
        bound[keyword.arg] = keyword.value
    return bound


def is_bound(value: Value) -> bool:
    """True for a bound method or a callable object."""
    return any(isinstance(o, Instance) or (isinstance(o, Function) and o.bound is not None) for o in options(value))


def entry_object(ctx: Context, call: ast.Call) -> ast.expr:
    """The expression of the object whose entry is called: `net` of `net(x)` and of `net.build(x)`."""
    called = [o for v in ctx.facts.callees.get(call, []) for o in options(v)]
    itself = any(isinstance(o, Instance) for o in called)
    return call.func.value if isinstance(call.func, ast.Attribute) and not itself else call.func


def reference(st: Body, site: Site) -> str:
    """How the call half names what a site owns."""
    return site.names[-1] if site.names else f"self.{site.attr}"


def default_nodes(node: ast.FunctionDef) -> dict[str, ast.expr]:
    """Parameter -> default of a definition."""
    a = node.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    found = dict(zip(positional[len(positional) - len(a.defaults) :], a.defaults, strict=True))
    return found | {p.arg: d for p, d in zip(a.kwonlyargs, a.kw_defaults, strict=True) if d is not None}
