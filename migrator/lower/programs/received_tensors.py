"""The tensors that a served model receives: placeholders of TensorFlow 1, and the specifications in their place."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, Symbol, Value
from migrator.emit.fragments import call_text
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.programs.groups import Render
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

DEFAULTED = "tensorflow.placeholder_with_default"
PLACEHOLDERS = frozenset({"tensorflow.placeholder", "tensorflow.compat.v1.placeholder", DEFAULTED})
TYPES: dict[type, str] = {str: "string", bytes: "string", bool: "bool", int: "int32", float: "float32"}


def is_placeholder(value: Value | None) -> bool:
    """True for what `tf.placeholder` and `tf.placeholder_with_default` make."""
    return isinstance(value, Result) and value.symbol in PLACEHOLDERS and not value.part


def has_default(call: ast.Call) -> bool:
    """True for a call of `tf.placeholder_with_default`, however it is spelled."""
    return isinstance(call.func, (ast.Attribute, ast.Name)) and ast.unparse(call.func).endswith("_with_default")


def type_of_default(call: ast.Call) -> str | ast.expr | None:
    """The type of a placeholder's default: a name of tf, or an expression of the program; None where neither is known.

    The types of literals are those that `tf.constant` gives them: int32 and float32 for numbers.
    """
    node = next((k.value for k in call.keywords if k.arg == "input"), call.args[0] if call.args else None)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".constant", ".convert_to_tensor")):
        told = next((k.value for k in node.keywords if k.arg == "dtype"), node.args[1] if len(node.args) > 1 else None)
        if told is not None:
            return told
        node = node.args[0] if node.args else None
    while isinstance(node, (ast.List, ast.Tuple)) and node.elts:
        node = node.elts[0]
    return TYPES.get(type(node.value)) if isinstance(node, ast.Constant) else None


def is_number(ctx: Context, value: Value | None) -> bool:
    """True for a placeholder of numbers."""
    if not isinstance(value, Result) or not is_placeholder(value):
        return False
    if value.symbol == DEFAULTED:
        return type_of_default(value.call) in ("bool", "int32", "float32")
    named = next((k.value for k in value.call.keywords if k.arg == "dtype"), None)
    node = value.call.args[0] if value.call.args else named
    kind = ctx.facts.value(node) if node is not None else None
    return isinstance(kind, Symbol) and kind.name != "tensorflow.string"


def check_defaults(ctx: Context, module: Module, parts: Iterable[ast.AST]) -> None:
    """Refuse a default whose type is not in sight, and say of the others that they are gone."""
    for part in parts:
        for node in descendants(part):
            if isinstance(node, ast.Call) and is_placeholder(ctx.facts.value(node)) and has_default(node):
                if type_of_default(node) is None:
                    message = "the type of a placeholder's default is not in sight"
                    raise ctx.refuse("serving", node, module, message)
                message = "a client must send this input now: a served model of Keras knows no defaults"
                ctx.note("serving-default", "warning", module, node, message)
                ctx.lower_level("review")


def spec_text(call: ast.Call, render: Render) -> str:
    """`tf.TensorSpec` for a placeholder."""
    defaulted = has_default(call)
    given = dict(zip(("input" if defaulted else "dtype", "shape", "name"), call.args, strict=False))
    given.update({k.arg: k.value for k in call.keywords if k.arg})
    shape = render(given["shape"]) if "shape" in given else "None"
    rest = [f"name={render(given['name'])}"] if "name" in given else []
    kind = type_of_default(call) if defaulted else given["dtype"]
    assert kind is not None, "serving functions with such defaults are refused"
    return call_text("tf.TensorSpec", [shape, f"tf.{kind}" if isinstance(kind, str) else render(kind), *rest])
