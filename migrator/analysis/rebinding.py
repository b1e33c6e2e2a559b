"""Names of a module that stand for one thing after the other while its top level runs code in between.

Most modules run nothing before all their names are bound. A script, or a notebook, may bind a name, run something that
reads it, and bind it again: a function that reads the name has met each of its values.
"""

from __future__ import annotations

import ast

from migrator.source.syntax import descendants, every, first_name

# Functions of libraries that run what they are given. What an Estimator is given runs when it trains; what takes its
# place in Keras runs when it is made.
RUNNERS = ("train_and_evaluate", "run", "Estimator", "Classifier", "Regressor")


def rebound_names(tree: ast.Module) -> frozenset[str]:
    """The names that are bound again after code of the file ran."""
    bound = [bound_by(node) for node in tree.body]
    own = frozenset[str]().union(*bound)
    places: dict[str, list[int]] = {}
    for index, names in enumerate(bound):
        for name in names:
            places.setdefault(name, []).append(index)
    several = {name: found for name, found in places.items() if len(found) > 1}
    if not several:
        return frozenset()
    running = [index for index, node in enumerate(tree.body) if runs(node, own)]
    return frozenset(name for name, found in several.items() if any(found[0] < index <= found[-1] for index in running))


IMPORTS = (ast.Import, ast.ImportFrom)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def bound_by(node: ast.stmt) -> frozenset[str]:
    """The names that a statement at the top binds; what imports bind stays what it is."""
    if isinstance(node, DEFINITIONS):
        return frozenset({node.name})
    if isinstance(node, IMPORTS):
        return frozenset()
    inner = {n for d in descendants(node) if isinstance(d, (*DEFINITIONS, ast.Lambda)) for n in descendants(d)}
    return frozenset(n.id for n in every(node, ast.Name) if isinstance(n.ctx, ast.Store) and n not in inner)


def runs(node: ast.stmt, own: frozenset[str]) -> bool:
    """Whether a statement at the top may call functions of the file: it calls one, or what one has made."""
    if isinstance(node, DEFINITIONS):
        return False
    for call in every(node, ast.Call):
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr.endswith(RUNNERS):
            return True
        if first_name(func) in own:
            return True
    return False
