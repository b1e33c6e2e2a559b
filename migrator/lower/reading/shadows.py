"""Shadowed names: what a name of a function stands for inside a lambda, a comprehension or a nested function."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrator.source.syntax import children, every, remembered

COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)


@remembered
def shadowed(function: ast.FunctionDef) -> frozenset[ast.AST]:
    """The names in a function's body that an inner scope binds: they are not the function's own of that name."""
    return frozenset(n for statement in function.body for n in inner_names(statement, frozenset()))


def inner_names(node: ast.AST, bound: frozenset[str]) -> Iterator[ast.Name]:
    """The names under a node that the scopes around it have bound."""
    if isinstance(node, ast.Name):
        if node.id in bound:
            yield node
        return
    if isinstance(node, COMPREHENSIONS):
        first = node.generators[0].iter  # the only part that the scope outside evaluates
        yield from inner_names(first, bound)
        targets = {n.id for g in node.generators for n in every(g.target, ast.Name)}
        for child in children(node):
            parts = children(child) if isinstance(child, ast.comprehension) else (child,)
            for part in parts:
                if part is not first:
                    yield from inner_names(part, bound | targets)
        return
    if isinstance(node, (ast.Lambda, ast.FunctionDef)):
        for outside in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            yield from inner_names(outside, bound)
        inside = bound | own_names(node)
        for part in node.body if isinstance(node, ast.FunctionDef) else (node.body,):
            yield from inner_names(part, inside)
        return
    for child in children(node):
        yield from inner_names(child, bound)


def own_names(node: ast.Lambda | ast.FunctionDef) -> frozenset[str]:
    """The parameters of a lambda or function, and what a function's own body binds."""
    if isinstance(node, ast.FunctionDef):
        names = local_names(node)
    else:
        a = node.args
        names = frozenset(p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs))
    stars = (a for a in (node.args.vararg, node.args.kwarg) if a is not None)
    return names | {a.arg for a in stars}


@remembered
def local_names(node: ast.FunctionDef) -> frozenset[str]:
    """Parameters and names bound in a function's own body."""
    arguments = node.args
    names = {p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    todo: list[ast.AST] = list(node.body)
    outer: set[str] = set()
    while todo:
        inner = todo.pop()
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            names.add(inner.name)
            continue
        if isinstance(inner, ast.Lambda):
            continue
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name).split(".")[0] for a in inner.names}
        if isinstance(inner, (ast.Global, ast.Nonlocal)):
            outer |= set(inner.names)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            names.add(inner.id)
        if isinstance(inner, ast.comprehension):
            todo += [inner.iter, *inner.ifs]  # its targets live in a scope of their own
            continue
        todo.extend(children(inner))
    return frozenset(names - outer)


def bound_inside(node: ast.AST) -> set[str]:
    """Names bound by a lambda's parameters or a comprehension's targets."""
    if isinstance(node, ast.Lambda):
        return {p.arg for p in (*node.args.args, *node.args.kwonlyargs)}
    return {n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Store)}
