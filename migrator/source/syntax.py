"""Walks over syntax trees that do not change: what lies below a node is looked up once and kept on the node."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any, TypeVar

LARGE = 200  # with so many nodes below, sorting them once by class is faster than looking for each class anew
Node = TypeVar("Node", bound=ast.AST)
Answer = TypeVar("Answer")


def remembered(function: Callable[[Node], Answer]) -> Callable[[Node], Answer]:
    """A function of a node that does not change: its answer is kept on the node, and must not be changed either."""
    key = f"_{function.__name__}"

    @functools.wraps(function)
    def answer(node: Node) -> Answer:
        known: dict[str, Any] = node.__dict__
        try:
            found: Answer = known[key]
        except KeyError:
            found = known[key] = function(node)
        return found

    return answer


@functools.lru_cache(maxsize=128)
def syntax_of(text: str) -> ast.Module:
    """The tree of a text, looked up for the last texts asked about; it must not be changed. Raises SyntaxError."""
    return ast.parse(text)


@remembered
def descendants(node: ast.AST) -> tuple[ast.AST, ...]:
    """The node and all below it, in the order of `ast.walk`, without what says how a name is used."""
    found = [node]
    for inner in found:  # which grows meanwhile
        found += children(inner)
    return tuple(found)


@remembered
def children(node: ast.AST) -> tuple[ast.AST, ...]:
    """The nodes right below, in the order of `ast.iter_child_nodes`, without what says how a name is used."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            if not isinstance(value, ast.expr_context):  # a third of all nodes, each looked at many times over
                found.append(value)
        elif isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
    return tuple(found)


def every(node: ast.AST, kind: type[Node]) -> tuple[Node, ...]:
    """The nodes of one class among `descendants(node)`, in their order."""
    known: dict[str, Any] = node.__dict__
    key = kind.__name__  # no node has a field that begins with a capital
    if key not in known:
        below = descendants(node)
        if len(below) > LARGE and not kind.__subclasses__():
            known[key] = tuple(by_class(node).get(kind, ()))
        else:
            known[key] = tuple([inner for inner in below if isinstance(inner, kind)])
    found: tuple[Node, ...] = known[key]
    return found


@remembered
def by_class(node: ast.AST) -> dict[type[ast.AST], list[ast.AST]]:
    """The descendants of a node, by their classes, in their order."""
    found: dict[type[ast.AST], list[ast.AST]] = {}
    for inner in descendants(node):
        found.setdefault(type(inner), []).append(inner)
    return found


@remembered
def is_generator(node: ast.FunctionDef) -> bool:
    """True for a generator function."""
    return any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in descendants(node))


def first_argument(call: ast.Call, name: str) -> ast.expr | None:
    """The first argument of a call, by place or by name."""
    return call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == name), None)


def first_name(node: ast.expr) -> str:
    """The name that an expression of attributes, calls and subscripts begins with, else ""."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_none_literal(node: ast.AST) -> bool:
    """True for a literal None."""
    return isinstance(node, ast.Constant) and node.value is None


def is_written(node: ast.AST) -> bool:
    """True for an expression that was made by the analysis and stands in no file (`analysis/written.py`)."""
    return getattr(node, "written", False) is True
