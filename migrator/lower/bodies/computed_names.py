"""Names that a program computes: of scopes, layers and variables, from the number of a trip or from what is static."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Stage
from migrator.lower.bodies import checkpoint_starts
from migrator.lower.reading.counters import enumerate_counter
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def by_trip(st: Body, node: ast.expr | None) -> str | None:
    """`layer_{i}` for a name made of the number of the trip in the innermost loop around it; None for others."""

    loops = st.loops_around(node) if node is not None else ()
    around = loops[-1].node if loops else None
    counter = enumerate_counter(around) if isinstance(around, ast.For) else None
    if node is None or counter is None or not isinstance(around, ast.For):
        return None
    stores = [n for n in descendants(st.node) if isinstance(n, ast.Name) and n.id == counter]
    if sum(isinstance(n.ctx, ast.Store) for n in stores) != 1 or st.loops_around(node)[-1].node is not around:
        return None
    parts = pieces(node, counter)
    return None if parts is None or parts.count("{i}") != 1 or "{" in parts.replace("{i}", "") else parts


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
            inner = right.elts[0] if isinstance(right, ast.Tuple) and len(right.elts) == 1 else right
            filled = pieces(inner, counter)
            mark = next((m for m in ("%d", "%s", "%i") if m in template), None)
            return template.replace(mark, filled) if filled and mark and template.count("%") == 1 else None
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="format"), args=[inner], keywords=[]):
            template = str(node.func.value.value)  # type: ignore[attr-defined]
            filled = pieces(inner, counter)
            mark = next((m for m in ("{}", "{0}") if m in template), None)
            return template.replace(mark, filled) if filled and mark and template.count("{") == 1 else None
    return None


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
