"""Loops over the pieces of a tensor: how many there are is known when the model is made, what they hold is not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Const, Opaque, Result, Stage
from migrator.lower.reading.counters import enumerate_counter
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body

CUT = {"tensorflow.split": "num_or_size_splits", "tensorflow.unstack": "num"}


def count(st: Body, node: ast.AST) -> ast.expr | None:
    """The number of trips of a loop over `tf.split(x, n)` or `tf.unstack(x, n)`, given what it goes over."""
    loops = [step.node for step in walk(st.steps) if isinstance(step.node, ast.For) and step.node.iter is node]
    if not loops:
        return None
    counted = isinstance(node, ast.Call) and enumerate_counter(loops[0]) is not None and not node.keywords
    value = st.ctx.facts.value(node.args[0] if isinstance(node, ast.Call) and counted else node)
    if not isinstance(value, Result) or value.symbol not in CUT or value.part or value.call not in descendants(st.node):
        return None
    named = {k.arg: k.value for k in value.call.keywords}
    number = value.call.args[1] if len(value.call.args) > 1 else named.get(CUT[value.symbol])
    known = st.ctx.facts.value(number) if number is not None else None
    if number is None or not is_number(known) or st.ctx.facts.stage(number) is not Stage.STATIC:
        return None
    stored = {n.id for n in every(st.node, ast.Name) if isinstance(n.ctx, ast.Store)}
    return None if any(n.id in stored for n in every(number, ast.Name)) else number


def is_number(value: object) -> bool:
    """True for a whole number, and for what a run may know as one: `range` takes nothing else."""
    return isinstance(value, Opaque) or isinstance(value, Const) and isinstance(value.value, int)


def header(st: Body, loop: ast.For) -> str | None:
    """The head of such a loop when the layers are made, where there are no tensors yet; None for any other loop."""
    number = count(st, loop.iter) if st.ctx.facts.stage(loop.iter) > Stage.STATIC else None
    return f"for {enumerate_counter(loop) or '_'} in range({st.static_text(number)})" if number is not None else None
