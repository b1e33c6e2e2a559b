"""`slim.repeat(x, 3, slim.conv2d, 64, [3, 3], scope="conv")`: calls of the layer, named by their number."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Symbol, Value

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation
    from migrator.source.module import Module

REPEAT = "tensorflow.contrib.layers.repeat"
AT_MOST = 64  # more layers than that are no longer written out


def repeated(
    ev: Evaluation, callee: Value, node: ast.Call, args: list[Value], kwargs: dict[str, Value], module: Module
) -> tuple[Value, list[Value]]:
    """The layer that is repeated, and its arguments; any other callee as it is. Refuses one that cannot be told."""
    if not isinstance(callee, Symbol) or callee.name != REPEAT:
        return callee, args
    plain = not any(isinstance(a, ast.Starred) for a in node.args) and "**" not in kwargs
    if not plain or len(args) < 3 or not is_named(node) or not is_layer(ev, args[2]):
        ev.refuse("repeat", node, "what is repeated, or under which name, cannot be told", module, supposed=True)
        return callee, args
    times = args[1].value if isinstance(args[1], Const) and not args[1].mode else None
    known = ev.facts.repeats.setdefault(node, times) if isinstance(times, int) else None
    if not isinstance(times, int) or known != times or not 0 < times <= AT_MOST:
        message = "how often a layer is repeated is not known, or differs from call to call"
        ev.refuse("repeat", node, message, module, supposed=True)
        return callee, args
    ev.facts.repeated.update([*node.args[3:], *(k.value for k in node.keywords)])
    return args[2], [args[0], *args[3:]]


def is_named(node: ast.Call) -> bool:
    """True for a call with a literal scope."""
    scope = next((k.value for k in node.keywords if k.arg == "scope"), None)
    return isinstance(scope, ast.Constant) and isinstance(scope.value, str) and "/" not in scope.value


def is_layer(ev: Evaluation, value: Value) -> bool:
    """True for a layer that only makes its result: nothing tells it whether it trains, nothing is applied to it."""
    rule = ev.rules.find(value.name) if isinstance(value, Symbol) else None
    return rule is not None and rule.kind == "layer" and rule.name_arg == "scope" and not (rule.training or rule.then)
