"""Names that a function reads before it surely binds them, in some mode.

What methods keep on their object outlives a call of the model_fn: what training kept, evaluation may read. Names do
not, so methods can only be joined where every mode binds what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from migrator.source.syntax import children, descendants, every

MODES = ("TRAIN", "EVAL", "PREDICT")
Bound = frozenset[str] | None  # None where the way has ended


def unbound(function: ast.FunctionDef, names: set[str], modes: set[str]) -> str | None:
    """One of the names that may be read unbound; `modes`: what the mode is called in the function."""
    for mode in MODES:
        try:
            block(function.body, frozenset(), Looking(names, modes, mode))
        except Unbound as found:
            return str(found)
    return None


class Unbound(Exception):
    """A name is read that may not be bound."""


class Looking:
    """What is looked for: the names, and the mode that is supposed."""

    def __init__(self, names: set[str], modes: set[str], mode: str) -> None:
        self.names, self.modes, self.mode = names, modes, mode

    def read(self, node: ast.AST | None, bound: frozenset[str]) -> None:
        """Looks at an expression."""
        for inner in descendants(node) if node is not None else ():
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in self.names - bound:
                raise Unbound(inner.id)

    def holds(self, test: ast.expr) -> bool | None:
        """Whether a condition on the mode holds; None for others."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.holds(test.operand)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            found = [self.holds(value) for value in test.values]
            decided = isinstance(test.op, ast.Or)
            return decided if decided in found else None if None in found else not decided
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        sides = (test.left, test.comparators[0])
        of_mode = any(isinstance(side, ast.Name) and side.id in self.modes for side in sides)
        keys = [side.attr for side in sides if isinstance(side, ast.Attribute) and side.attr in MODES]
        if not of_mode or len(keys) != 1 or not isinstance(test.ops[0], (ast.Eq, ast.NotEq)):
            return None
        return (keys[0] == self.mode) is isinstance(test.ops[0], ast.Eq)


def block(body: Sequence[ast.stmt], bound: Bound, look: Looking) -> Bound:
    """The names that are bound behind some statements."""
    for statement in body:
        if bound is None:
            return None
        bound = after(statement, bound, look)
    return bound


def after(node: ast.stmt, bound: frozenset[str], look: Looking) -> Bound:
    """The names that are bound behind a statement."""
    if isinstance(node, ast.If):
        look.read(node.test, bound)
        holds = look.holds(node.test)
        ways = [
            block(way, bound, look)
            for way, taken in ((node.body, True), (node.orelse, False))
            if holds in (None, taken)
        ]
        return both(ways)
    if isinstance(node, (ast.For, ast.While)):
        look.read(node.iter if isinstance(node, ast.For) else node.test, bound)
        inside = bound | stored([node.target]) if isinstance(node, ast.For) else bound
        block(node.body, inside, look)
        return block(node.orelse, bound, look) if node.orelse else bound
    if isinstance(node, ast.With):
        for item in node.items:
            look.read(item.context_expr, bound)
            bound = bound | stored([item.optional_vars] if item.optional_vars is not None else [])
        return block(node.body, bound, look)
    if isinstance(node, ast.Try):
        ways = [block([*node.body, *node.orelse], bound, look), *(block(h.body, bound, look) for h in node.handlers)]
        found = both(ways)
        return block(node.finalbody, bound if found is None else found, look) if node.finalbody else found
    if isinstance(node, (ast.Return, ast.Raise)):
        for child in children(node):
            look.read(child, bound)
        return None
    if isinstance(node, ast.AugAssign):
        name = node.target.id if isinstance(node.target, ast.Name) else ""
        if name in look.names - bound:
            raise Unbound(name)
    look.read(node, bound if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) else bound | stored([node]))
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return bound | stored(targets)


def both(ways: Iterable[Bound]) -> Bound:
    """What is bound whichever way was taken."""
    going = [way for way in ways if way is not None]
    return frozenset.intersection(*going) if going else None


def stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that targets, or a definition inside, bind."""
    found = {n.id for node in nodes for n in every(node, ast.Name) if not isinstance(n.ctx, ast.Load)}
    return frozenset(found)
