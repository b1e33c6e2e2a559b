"""Folds the literal parts of an expanded template, so that `0.5 * 0.01` is written as 0.005."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Pow: operator.pow,
}


def fold(node: ast.expr) -> ast.expr:
    """The expression with literal arithmetic, choices, `is None` tests and string methods evaluated.

    Arithmetic is decimal: `1 - 0.9` folds to 0.1, as a person would write it, not to 0.09999999999999998.
    """
    folded: ast.expr = _Folding().visit(node)
    return folded


class _Folding(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right, apply = _number(node.left), _number(node.right), _ARITHMETIC.get(type(node.op))
        if left is None or right is None or apply is None:
            return node
        value = apply(Decimal(repr(left)), Decimal(repr(right)))
        return ast.Constant(float(value) if isinstance(left, float) or isinstance(right, float) else int(value))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        is_none = isinstance(node.comparators[0], ast.Constant) and node.comparators[0].value is None
        if len(node.ops) == 1 and is_none and isinstance(node.left, (ast.Constant, ast.Call)):
            same = isinstance(node.left, ast.Constant) and node.left.value is None
            if isinstance(node.ops[0], (ast.Is, ast.IsNot)):
                return ast.Constant(same == isinstance(node.ops[0], ast.Is))
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        text = _text(node.func.value) if isinstance(node.func, ast.Attribute) else None
        values = [_text(argument) for argument in node.args]
        if text is None or None in values or node.keywords or not isinstance(node.func, ast.Attribute):
            return node
        return ast.Constant(getattr(text, node.func.attr)(*values)) if node.func.attr in ("lower", "replace") else node


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _number(node: ast.expr) -> int | float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
