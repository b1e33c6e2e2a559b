"""Comprehensions over a dictionary of tensors: its keys are known when the model is made, its values are not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Mapping, Stage
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def keys_of(st: Body, node: ast.AST | None) -> str | None:
    """The keys of `{... for key, value in tensors.items()}` as source; None for any other comprehension."""
    if not isinstance(node, ast.DictComp) or len(node.generators) != 1:
        return None
    generator = node.generators[0]
    call, target = generator.iter, generator.target
    plain = isinstance(target, ast.Tuple) and [type(n) for n in target.elts] == [ast.Name, ast.Name]
    if not plain or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    if call.func.attr != "items" or not isinstance(call.func.value, ast.Name) or call.args or call.keywords:
        return None
    value = st.ctx.facts.value(call.func.value, "eval")
    known = isinstance(value, Mapping) and not value.open and all(isinstance(key, str) for key in value.items)
    if not known or not isinstance(value, Mapping) or st.ctx.facts.stage(call) is not Stage.CALL:
        return None
    return repr(tuple(value.items))


def names_of(node: ast.AST | None) -> tuple[str, str, str]:
    """(the dictionary, the key's name, the value's name) of such a comprehension."""
    assert isinstance(node, ast.DictComp)
    generator = node.generators[0]
    assert isinstance(generator.target, ast.Tuple) and isinstance(generator.iter, ast.Call)
    assert isinstance(generator.iter.func, ast.Attribute)
    key, value = (getattr(n, "id", "") for n in generator.target.elts)
    return getattr(generator.iter.func.value, "id", ""), key, value


def items(node: ast.AST | None) -> dict[ast.AST, str]:
    """The uses of the value's name, each with the item of the dictionary that it is."""
    assert isinstance(node, ast.DictComp)
    tensors, key, value = names_of(node)
    used = [n for n in every(node.value, ast.Name) if n.id == value]
    return dict.fromkeys(used, f"{tensors}[{key}]")
