"""Namespaces of TensorFlow 1 that ended, and the names that a program gives them: `flags = tf.app.flags`."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

from migrator.source.inventory import import_aliases
from migrator.source.names import canonical, surviving
from migrator.source.syntax import descendants, every, remembered

if TYPE_CHECKING:
    from migrator.source.module import Module


@functools.lru_cache(maxsize=1)
def namespaces() -> frozenset[str]:
    """Every dotted prefix of a name that TensorFlow still has."""
    parts = (name.split(".") for name in surviving())
    return frozenset(".".join(names[:size]) for names in parts for size in range(1, len(names)))


def is_there(name: str) -> bool:
    """True for a name that TensorFlow 2 has, and for a module of it."""
    head = name.split(".")[0]
    return name in surviving() or name in namespaces() or head in ("keras", "data", "compat") or head.startswith("__")


def ended_aliases(module: Module) -> frozenset[str]:
    """The top-level names of a file that stand for a namespace that ended, and are only read for what is in it.

    Each such reading is written anew, so that the name is needed no more.
    """
    return frozenset(node.targets[0].id for node in _ended(module.tree))  # type: ignore[attr-defined]


def names_ended(module: Module, node: ast.stmt) -> bool:
    """True for the statement that gives such a namespace its name."""
    return isinstance(node, ast.Assign) and node in _ended(module.tree)


@remembered
def _ended(tree: ast.Module) -> tuple[ast.Assign, ...]:
    imported = import_aliases(tree)
    found = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            made = whole(node.value)
            name = library_name(made, imported, classes=made is not node.value)
            if name is not None and not is_there(name) and only_opened(tree, node.targets[0]):
                found.append(node)
    return tuple(found)


def whole(node: ast.expr) -> ast.expr:
    """What a partial function is a part of; any other expression as it is."""
    partial = isinstance(node, ast.Call) and ast.unparse(node.func) in ("functools.partial", "partial")
    return node.args[0] if isinstance(node, ast.Call) and partial and node.args else node


def library_name(node: ast.expr, imported: dict[str, str], classes: bool) -> str | None:
    """`app.flags` of `tf.app.flags`; None for anything but a name below TensorFlow, in lower case but for `classes`."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not parts or not isinstance(node, ast.Name) or node.id not in imported or not (classes or parts[0].islower()):
        return None
    head, _, rest = canonical(".".join([imported[node.id], *reversed(parts)])).partition(".")
    return rest if head == "tensorflow" else None


def only_opened(tree: ast.Module, target: ast.Name) -> bool:
    """True when a name is bound once and then only read for its attributes, or called."""
    opened = {node.value for node in every(tree, ast.Attribute)}
    opened |= {node.func for node in every(tree, ast.Call)}
    return not any(reads_or_binds(node, target, opened) for node in descendants(tree) if node is not target)


def reads_or_binds(node: ast.AST, target: ast.Name, opened: set[ast.expr]) -> bool:
    """True for what binds a name again, or reads it for something else than an attribute of it."""
    name = target.id
    match node:
        case ast.Name(id=read):
            return read == name and (not isinstance(node.ctx, ast.Load) or node not in opened)
        case ast.arg(arg=bound) | ast.FunctionDef(name=bound) | ast.ClassDef(name=bound):
            return bound == name
        case ast.ExceptHandler(name=caught):
            return caught == name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return any((alias.asname or alias.name) == name for alias in names)
        case ast.Constant(value=value):
            return value == name  # it may be in __all__
    return False
