"""Calls through `functools.partial` of a library function: as if all arguments stood in the call itself."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrator.analysis.modes import ALL, mode_condition
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Partial, Result, Symbol, Value, options
from migrator.lower.library import normalizers, repeats
from migrator.lower.reading.symbols import partial_layer_class
from migrator.source.syntax import children, descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module


def written_out(ctx: Context, module: Module, call: ast.Call) -> ast.Call:
    """The call with the arguments that a partial function gives it; any other call as it is.

    Refuses a partial function whose arguments may mean something else where it is called.
    """
    known: dict[ast.Call, ast.Call] = ctx.__dict__.setdefault("_written_out", {})
    if call not in known:
        known[call] = _written_out(ctx, module, call)
    return known[call]


def _written_out(ctx: Context, module: Module, call: ast.Call) -> ast.Call:
    whole = with_all(ctx, module, call)
    called = next((base(o) for v in ctx.facts.callees.get(call, []) for o in options(v)), None)
    rule = ctx.rules.find(called.name) if isinstance(called, Symbol) else None
    if rule is None or call not in ctx.facts.normalizers:
        return whole
    return normalizers.alone(rule, whole, normalizers.normalizer(ctx, module, call) is not None)


def with_all(ctx: Context, module: Module, call: ast.Call) -> ast.Call:
    """The call with what a partial function gives it, and all that is its own."""
    called = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    partial = [option for option in called if isinstance(option, Partial) and isinstance(base(option), Symbol)]
    if not partial or not active("partial"):
        return spread(module, repeats.plain(ctx, call))
    made = {made_by(option) for option in partial}
    written = {o.call for option in partial for o in through(option) if o.anywhere}
    if len(partial) != len(called) or len(made) != 1:
        message = "which of several partial functions is called is not known"
        if any(from_scope(ctx, one) for option in called for one in through(option)):
            message = "a layer is called with the defaults of a scope here, and with others there"
        raise ctx.refuse("partial", call, module, message)
    for option in partial:
        note_values(ctx, module, call, option)
    own = repeats.plain(ctx, call)
    args, keywords = list(own.args), {k.arg: k for k in own.keywords}
    for where in next(iter(made)):
        if where is None or where not in written and not in_reach(module, where, call):
            message = "what a partial function is given cannot be told where it is called"
            raise ctx.refuse("partial", call, module, message)
        args = [*where.args[1:], *args]
        keywords = {k.arg: k for k in where.keywords} | keywords
    if None in keywords or any(isinstance(a, ast.Starred) for a in args):
        raise ctx.refuse("star-arguments", call, module, "arguments passed with * or ** cannot be told apart")
    return ast.copy_location(ast.Call(call.func, args, list(keywords.values())), call)


def spread(module: Module, call: ast.Call) -> ast.Call:
    """The call with what `**options` gives it as keywords, where a dictionary written out in its function has them."""
    if not any(k.arg is None for k in call.keywords):
        return call
    keywords: list[ast.keyword] = []
    for keyword in call.keywords:
        items = [keyword] if keyword.arg is not None else items_of(module, call, keyword.value)
        if items is None:
            return call
        keywords += items
    return ast.copy_location(ast.Call(call.func, call.args, keywords), call)


def items_of(module: Module, call: ast.Call, node: ast.expr) -> list[ast.keyword] | None:
    """The items of a dictionary that is written out, or bound once and only read; None for any other."""
    around = functions_around(module.tree, call)
    if isinstance(node, ast.Name) and around:
        holder = around[-1]
        bound = [n.value for n in every(holder, ast.Assign) if len(n.targets) == 1 and same_name(n.targets[0], node.id)]
        named = [n for n in every(holder, ast.Name) if n.id == node.id]
        read: set[ast.AST] = {n for n in named if isinstance(n.ctx, ast.Load)}
        if len(bound) != 1 or bound_in(holder).count(node.id) != 1 or repeated(holder, {node.id}):
            return None
        if not read <= only_read(holder, node.id):
            return None
        node = bound[0]
        names = {n.id for n in every(node, ast.Name)}
        if any(bound_in(holder).count(name) > 1 for name in names) or repeated(holder, names):
            return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
        return node.keywords if all(k.arg for k in node.keywords) else None
    if not isinstance(node, ast.Dict):
        return None
    keys = [k.value if isinstance(k, ast.Constant) and isinstance(k.value, str) else None for k in node.keys]
    return None if None in keys else [ast.keyword(k, v) for k, v in zip(keys, node.values, strict=True)]


def same_name(node: ast.AST, name: str) -> bool:
    """True for that name."""
    return isinstance(node, ast.Name) and node.id == name


def only_read(holder: ast.AST, name: str) -> set[ast.AST]:
    """Where a function reads a dictionary without handing it on: `**options` and `options["x"]`."""
    found: set[ast.AST] = set()
    for node in descendants(holder):
        spreads = isinstance(node, ast.keyword) and node.arg is None
        reads = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if (spreads or reads) and same_name(node.value, name):  # type: ignore[attr-defined]
            found.add(node.value)  # type: ignore[attr-defined]
    return found


def note_values(ctx: Context, module: Module, call: ast.Call, partial: Partial) -> None:
    """Have the arguments of a partial function at the top of a file known as those of a call in the model_fn are."""
    where = partial.call
    if isinstance(partial.function, Partial):
        note_values(ctx, module, call, partial.function)
    if where is None or where in ctx.facts.values or partial.anywhere:
        return
    given = [*zip(where.args[1:], partial.args, strict=False)]
    given += [(k.value, partial.kwargs[k.arg]) for k in where.keywords if k.arg in partial.kwargs]
    for node, value in given:
        if node in ctx.facts.values or isinstance(node, ast.Constant):
            continue
        plain = isinstance(node, ast.Call) and all(
            isinstance(a, ast.Constant) for a in (*node.args, *(k.value for k in node.keywords))
        )
        if isinstance(value, Result) and isinstance(node, ast.Call) and plain and not value.part:
            ctx.facts.callees[node] = [Symbol(value.symbol)]
            ctx.facts.record(node.func, "train", Symbol(value.symbol))
        elif not isinstance(value, (Symbol, Const)):
            message = "what a partial function is given cannot be told where it is called"
            raise ctx.refuse("partial", call, module, message)
        ctx.facts.record(node, "train", value)


def check(ctx: Context, module: Module) -> None:
    """Refuse a partial function of what is written anew: nothing in its calls tells what they call."""
    for call, callees in ctx.facts.callees.items():
        for option in (o for value in callees for o in options(value)):
            called = base(option) if isinstance(option, Partial) else None
            rule = ctx.rules.find(called.name) if isinstance(called, Symbol) else None
            if rule is not None and rule.kind not in ("layer", "layer_class", "metric"):
                raise ctx.refuse("partial", call, module, f"`{today(rule)}` is called through functools.partial")


def of_function(ctx: Context, call: ast.Call) -> list[Partial]:
    """The partial functions that a call may call, of functions of the program."""
    called = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    return [option for option in called if isinstance(option, Partial) and not isinstance(base(option), Symbol)]


def of_layer_class(ctx: Context, call: ast.Call) -> bool:
    """True for a call of a partial function of a layer class."""
    called = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    return any(partial_layer_class(ctx, option) is not None for option in called)


def check_function(ctx: Context, module: Module, call: ast.Call, roles: Mapping[str, str]) -> None:
    """Refuse a partial function that is given tensors, or anything by its place: its layer is made with names alone."""
    for option in of_function(ctx, call):
        inner: Value = option
        while isinstance(inner, Partial):
            given = {k.arg: k.value for k in inner.call.keywords} if inner.call is not None else {}
            told = {n for n in inner.kwargs if roles.get(n) == "mode" and n in given and trains(ctx, given[n])}
            if inner.args or any(roles.get(name) != "static" for name in inner.kwargs.keys() - told):
                message = "a partial function is given more than what its layers are made with, by name"
                raise ctx.refuse("partial", call, module, message)
            inner = inner.function


def trains(ctx: Context, node: ast.expr) -> bool:
    """True for what is true in training and in no other mode."""
    return mode_condition(ctx.facts, node, ALL) == frozenset({"train"})


def today(rule: Rule) -> str:
    """The legacy name of a rule as programs write it."""
    return rule.legacy[0].replace("tensorflow.", "tf.", 1)


def base(value: Value) -> Value:
    """What is called in the end."""
    inner = value
    while isinstance(inner, Partial):
        inner = inner.function
    return inner


def through(value: Value) -> list[Partial]:
    """The partial functions that make up one, the last first."""
    return [value, *through(value.function)] if isinstance(value, Partial) else []


def from_scope(ctx: Context, partial: Partial) -> bool:
    """True for the defaults of an arg_scope or variable_scope."""
    function = ctx.facts.value(partial.call.func) if partial.call is not None else None
    return partial.anywhere or isinstance(function, Symbol) and function.name.endswith("_scope")


def by_scopes(ctx: Context, call: ast.Call) -> bool:
    """True for a call whose arguments were all written by itself, or given by the scopes around it."""
    called = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    return all(one.anywhere for option in called for one in through(option))


def made_by(value: Partial) -> tuple[ast.Call | None, ...]:
    """The calls of `functools.partial`, the last first."""
    rest = made_by(value.function) if isinstance(value.function, Partial) else ()
    return (value.call, *rest)


def in_reach(module: Module, where: ast.Call, call: ast.Call) -> bool:
    """True when the arguments of a partial function mean the same at a call of it.

    They do when both stand in one function, or the partial at the top of the file, and no name in them is bound twice.
    """
    around = functions_around(module.tree, where)
    if around is None or (around and around != functions_around(module.tree, call)):
        return False
    holder: ast.AST = around[-1] if around else module.tree
    names = {n.id for a in (*where.args[1:], *where.keywords) for n in every(a, ast.Name)}
    if not around:
        local = functions_around(module.tree, call) or ()
        if any(n in bound_in(function) for function in local for n in names):
            return False
    return all(bound_in(holder).count(name) <= 1 for name in names) and not repeated(holder, names)


def functions_around(tree: ast.AST, node: ast.AST) -> tuple[ast.AST, ...] | None:
    """The functions that a node stands in, outermost first; None when it is not in this file."""
    for child in children(tree):
        if child is node:
            return ()
        found = functions_around(child, node)
        if found is not None:
            inside = isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef))
            return (child, *found) if inside else found
    return None


def bound_in(holder: ast.AST) -> list[str]:
    """The names that a function or file binds, as often as it does; what functions inside bind counts too."""
    found = [n.id for n in every(holder, ast.Name) if not isinstance(n.ctx, ast.Load)]
    found += [n.arg for n in every(holder, ast.arg)]
    if isinstance(holder, ast.Module):
        top = [n for s in holder.body for n in descendants(s) if not isinstance(s, (ast.FunctionDef, ast.ClassDef))]
        declared = [name for n in descendants(holder) if isinstance(n, ast.Global) for name in n.names]
        found = [n.id for n in top if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)] + declared
    return found


def repeated(holder: ast.AST, names: set[str]) -> bool:
    """True when a loop binds one of these names: it is another value on each trip."""
    loops = [n for n in descendants(holder) if isinstance(n, (ast.For, ast.While, ast.comprehension))]
    inside = (n for loop in loops for n in every(loop, ast.Name))
    return any(n.id in names and not isinstance(n.ctx, ast.Load) for n in inside)
