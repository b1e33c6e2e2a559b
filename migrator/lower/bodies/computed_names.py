"""Names that a program computes: of scopes, layers and variables, from the number of a trip or from what is static."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Stage
from migrator.lower.bodies import checkpoint_starts
from migrator.lower.reading.counters import enumerate_counter
from migrator.source.syntax import every

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.lower.reading.body import Body

MARKS, FIELDS = ("d", "s", "i"), ("}",)  # what follows % and {


def by_trip(st: Body, node: ast.expr | None) -> str | None:
    """`layer_{i}` for a name made of the number of the trip in the innermost loop around it; None for others."""

    loops = st.loops_around(node) if node is not None else ()
    around = loops[-1].node if loops else None
    counter = enumerate_counter(around) if isinstance(around, ast.For) else None
    if node is None or counter is None or not isinstance(around, ast.For):
        return None
    stores = [n for n in every(st.node, ast.Name) if n.id == counter]
    if sum(isinstance(n.ctx, ast.Store) for n in stores) != 1 or st.loops_around(node)[-1].node is not around:
        return None
    parts = pieces(node, counter)
    return None if parts is None or "{i}" not in parts or "{" in parts.replace("{i}", "") else parts


def pieces(node: ast.expr, counter: str) -> str | None:
    """The text of a name, with `{i}` for the counter; None for anything else."""
    match node:
        case ast.Constant(value=str()):
            return str(node.value)
        case ast.Name(id=name) if name == counter:
            return "{i}"
        case ast.Call(func=ast.Name(id="str"), args=[inner], keywords=[]):
            return pieces(inner, counter)
        case ast.FormattedValue(value=inner, format_spec=None):
            return pieces(inner, counter)
        case ast.JoinedStr(values=values):
            found = [pieces(value, counter) for value in values]
            return None if None in found else "".join(str(text) for text in found)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            sides = [pieces(left, counter), pieces(right, counter)]
            return None if None in sides else "".join(str(text) for text in sides)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str()), right=right):
            template = str(node.left.value)  # type: ignore[attr-defined]
            given = right.elts if isinstance(right, ast.Tuple) else [right]
            return filled(template.split("%"), MARKS, given, counter)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=given, keywords=[]):
            template = str(node.func.value.value)  # type: ignore[attr-defined]
            return filled(template.split("{"), FIELDS, given, counter)
    return None


def filled(parts: list[str], marks: tuple[str, ...], given: Sequence[ast.expr], counter: str) -> str | None:
    """A template, cut before its marks, with the texts of what it is given, in order; None for other templates."""
    texts = [pieces(one, counter) for one in given]
    if len(parts) != len(texts) + 1 or None in texts:
        return None
    found = parts[0]
    for number, (part, text) in enumerate(zip(parts[1:], texts, strict=True)):
        numbered = (f"{number}" + "}",) if marks is FIELDS else ()
        mark = next((m for m in (*marks, *numbered) if part.startswith(m)), None)
        if mark is None:
            return None
        found += str(text) + part[len(mark) :]
    return found


def as_expression(st: Body, node: ast.expr | None) -> str | None:
    """A static name as a method of the layer can compute it; None where it cannot, or where nobody asks for names."""

    if node is None or not checkpoint_starts.needs_names(st.ctx) or st.ctx.facts.stage(node) > Stage.STATIC:
        return None
    before = dict(st.captured)
    if st.loads_call(node):
        return None
    text = st.call_text(node)
    if any(name not in st.roles for name in st.captured.keys() - before.keys()):
        st.captured.clear()
        st.captured.update(before)
        return None
    return text
