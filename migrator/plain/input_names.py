"""Names of the inputs of Keras models that a file makes of other texts: `"{}_input".format(NAME)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from migrator.plain.found import Staying, bound_in
from migrator.source.syntax import descendants, every

END = "_input"  # of a layer's name


def composed(tree: ast.Module) -> Iterator[str]:
    """The texts that a file puts together to end as the name of an input does. Raises Staying for an unknown one."""
    bound = bound_in(tree)
    known: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text)):
                if bound.count(name) == 1:
                    known[name] = text
    parts = {node.left for node in every(tree, ast.BinOp)}
    for inner in descendants(tree):
        made = isinstance(inner, (ast.BinOp, ast.JoinedStr, ast.Call)) and inner not in parts
        if made and ends(inner, known):
            whole = text_of(inner, known)
            if whole is None:
                raise Staying(f"the name of the features may be computed (line {getattr(inner, 'lineno', 0)})")
            yield whole


def ends(node: ast.AST, known: Mapping[str, str]) -> bool:
    """True for a text that is put together and ends as the name of an input does."""
    match node:
        case ast.BinOp(op=ast.Add()):
            return ends(node.right, known)
        case ast.BinOp(op=ast.Mod()):
            return ends(node.left, known)
        case ast.JoinedStr(values=[*_, last]):
            return ends(last, known)
        case ast.Call(func=ast.Attribute(value=form, attr="format")):
            return ends(form, known)
    return (text_of(node, known) or "").endswith(END)


def text_of(node: ast.AST, known: Mapping[str, str]) -> str | None:
    """What a text is that is made of constants and known names."""
    pieces: list[ast.expr]
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            return known.get(name)
        case ast.BinOp(op=ast.Add()):
            pieces = [node.left, node.right]
        case ast.JoinedStr():
            pieces = node.values
        case ast.FormattedValue(conversion=-1, format_spec=None):
            pieces = [node.value]
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str() as form)), keywords=[]):
            between = form.split("{}")
            if len(between) != len(node.args) + 1 or any(mark in part for part in between for mark in "{}"):
                return None
            pieces = [ast.Constant(between[0])]
            for argument, part in zip(node.args, between[1:], strict=True):
                pieces += [argument, ast.Constant(part)]
        case _:
            return None
    texts = [text_of(piece, known) for piece in pieces]
    return None if None in texts else "".join(text for text in texts if text is not None)
