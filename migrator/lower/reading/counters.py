"""The counter of a loop: the name whose value is the number of the trip."""

from __future__ import annotations

import ast


def enumerate_counter(node: ast.For) -> str | None:
    """The counter of `for i, x in enumerate(xs)` or `for i in range(n)` from zero, whose value is the trip number."""
    if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Name) and len(node.iter.args) == 1:
        if node.iter.func.id == "enumerate" and isinstance(node.target, ast.Tuple):
            first = node.target.elts[0]
            return first.id if isinstance(first, ast.Name) else None
        if node.iter.func.id in ("range", "xrange") and isinstance(node.target, ast.Name):
            return node.target.id
    return None
