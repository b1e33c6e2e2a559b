"""What the arguments of a head tell: how many outputs it has, what weighs its examples."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from migrator.plain import found
from migrator.plain.carried import Carrier, constant, number
from migrator.plain.estimators import Head
from migrator.plain.found import Site, Staying
from migrator.source.inventory import import_aliases
from migrator.source.syntax import is_none_literal


def outputs_of(site: Site, head: Head, bound: Mapping[str, ast.expr]) -> tuple[str, str]:
    """The part of the template for a head of contrib, and the argument that tells its outputs, or 1."""
    if head.outputs == "1":
        return head.kind, "1"
    if head.kind == "labels":
        return head.kind, head.outputs
    if head.kind == "classifier":  # which must be more than two
        return "several", head.outputs
    return head_of(site, head.kind, bound)


def head_of(site: Site, head: str, bound: Mapping[str, ast.expr]) -> tuple[str, str]:
    """The head, and the argument that tells the number of its outputs, or that number itself: 1.

    "either" is the head of two classes or that of several, as the number turns out when the estimator is made.
    Raises Staying where that number must not be computed twice.
    """
    argument = "label_dimension" if head == "regressor" else "n_classes"
    given = bound.get(argument)
    known = number(site, given) if given is not None else None
    if head == "regressor":
        return head, "1" if given is None or known == 1 else argument
    if given is not None and known is None:
        if not is_plain(given):
            raise Staying("argument `n_classes`: two classes have another head than several; give their number a name")
        return "either", argument
    return ("binary", "1") if known in (None, 2) else ("several", argument)


def thresholds_of(bound: Mapping[str, ast.expr]) -> list[str]:
    """The thresholds of a head, as its metrics are named for them. Raises Staying where they are not written."""
    given = bound.get("thresholds")
    if given is None or is_none_literal(given):
        return []
    items = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given]
    numbers = [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, float)]
    if not isinstance(given, (ast.List, ast.Tuple)) or len(numbers) != len(items):
        raise Staying("argument `thresholds` of the head: they are not written where it is made")
    return [f"{number:g}" for number in numbers]


def is_plain(node: ast.expr) -> bool:
    """True for an expression that has one value wherever it is read: a name, something of it, its length."""
    if isinstance(node, ast.Call):
        counts = isinstance(node.func, ast.Name) and node.func.id in ("len", "int")
        return counts and len(node.args) == 1 and not node.keywords and is_plain(node.args[0])
    if isinstance(node, ast.Subscript):
        return is_plain(node.value) and is_plain(node.slice)
    if isinstance(node, ast.Attribute):
        return is_plain(node.value)
    return isinstance(node, (ast.Name, ast.Constant))


def weight_key(site: Site, carrier: Carrier, bound: Mapping[str, ast.expr]) -> tuple[str | None, bool]:
    """The key of the features that weighs examples, and whether it may be None; (None, False) where there is none."""
    given = bound.get("weight_column")
    if given is None or is_none_literal(given):
        return None, False
    node = constant(site, given)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return repr(node.value), False
    if is_none_literal(node):
        return None, False
    column = found.symbol_of(node.func, import_aliases(site.module.tree)) if isinstance(node, ast.Call) else ""
    if column == "tensorflow.feature_column.numeric_column" and isinstance(node, ast.Call):
        key = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return repr(key.value), False
    if not isinstance(node, (ast.Name, ast.Attribute)):
        raise Staying("argument `weight_column`: a column that is no name is not covered yet")
    return carrier.text(given), True
