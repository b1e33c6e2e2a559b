"""Constructors that go on in methods: `self.build()` at the end of `__init__` stands for the statements of `build`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, options
from migrator.source.syntax import descendants, every, is_generator

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context


def constructor(ctx: Context, init: ast.FunctionDef) -> ast.FunctionDef:
    """The constructor with the statements of the methods that it calls last; itself where it calls none."""
    known: dict[ast.AST, ast.FunctionDef] = ctx.__dict__.setdefault("_continued", {})
    if init not in known:
        body = written_out(ctx, init, frozenset({init}))
        made = init
        if body is not None:
            made = ast.copy_location(ast.FunctionDef(init.name, init.args, body, init.decorator_list), init)
            made.end_lineno = max(s.end_lineno or s.lineno for s in body)
            ctx.facts.frames[made] = ctx.facts.frames[init]
        known[init] = known[made] = made
    return known[init]


def written_out(ctx: Context, definition: ast.FunctionDef, path: frozenset[ast.AST]) -> list[ast.stmt] | None:
    """The statements of a definition, those of the methods called at its end in place of the calls; None: no such call.

    What comes later must stand below, for which of two statements runs first is told by their lines.
    """
    body = list(definition.body)
    first = len(body)
    while first and method_of(ctx, body[first - 1], definition, path) is not None:
        first -= 1
    if first == len(body):
        return None
    found = body[:first]
    for statement in body[first:]:
        method = method_of(ctx, statement, definition, path)
        assert method is not None
        inner = written_out(ctx, method, path | {method}) or method.body
        below = not found or (found[-1].end_lineno or found[-1].lineno) < inner[0].lineno
        if not below or bound(found, definition) & (read(inner) - bound(inner, method)):
            return None
        found += inner
    return found


def method_of(
    ctx: Context, statement: ast.stmt, definition: ast.FunctionDef, path: frozenset[ast.AST]
) -> ast.FunctionDef | None:
    """The method that a statement `self.build(x)` calls, where that is its only call and it returns nothing.

    What it is given must have the names of its parameters.
    """
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    this = definition.args.args[0].arg if definition.args.args else ""
    if not isinstance(call.func.value, ast.Name) or call.func.value.id != this or this != "self":
        return None
    callees = [o for value in ctx.facts.callees.get(call, []) for o in options(value)]
    nodes = {o.node for o in callees if isinstance(o, Function) and o.bound is not None}
    method = next(iter(nodes)) if len(nodes) == 1 and len(callees) else None
    if not isinstance(method, ast.FunctionDef) or method in path or not all(isinstance(c, Function) for c in callees):
        return None
    arguments = method.args
    given = [a.id if isinstance(a, ast.Name) else "" for a in call.args]
    given += [k.value.id if isinstance(k.value, ast.Name) and k.value.id == k.arg else "" for k in call.keywords]
    alike = [a.arg for a in arguments.args] == [this, *given]
    alone = alike and not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs)
    returns = any(isinstance(n, (ast.Return, ast.Global, ast.Nonlocal)) for n in descendants(method))
    once = all(frame.call is call for frame in ctx.facts.frames.get(method, []))
    plain = alone and not returns and not method.decorator_list and not is_generator(method)
    return method if plain and once else None


def read(statements: list[ast.stmt]) -> set[str]:
    """The names that statements read."""
    inside = [n for statement in statements for n in every(statement, ast.Name)]
    return {n.id for n in inside if isinstance(n.ctx, ast.Load)}


def bound(statements: list[ast.stmt], definition: ast.FunctionDef) -> set[str]:
    """The names that statements of a definition bind, and its other parameters."""
    found = {a.arg for a in (*definition.args.args[1:], *definition.args.kwonlyargs)}
    for statement in statements:
        found |= {n.id for n in every(statement, ast.Name) if isinstance(n.ctx, ast.Store)}
        found |= {n.name for n in descendants(statement) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    return found
