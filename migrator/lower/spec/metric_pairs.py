"""Functions that return a metric as TensorFlow 1 had it, a value and its update: which they are, what they read."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step
from migrator.analysis.values import Function, Result, options
from migrator.lower.reading import slices
from migrator.lower.reading.owning import EVAL, Pair, own_call
from migrator.lower.reading.slices import slice_steps
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.spec.metric_entries import Entry

CHOOSING = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def entry_call(ctx: Context, entry: Entry) -> ast.Call | None:
    """The call of such a function whose metric an entry of the dictionary is."""

    steps, _ = Specialiser(ctx.facts).block(entry.body.body, EVAL, entry.body.body[0].lineno - 1)
    node = slices.last_assigned(steps, entry.value)
    if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == 2:
        node = unpacked(steps, node.elts) or node
    own = own_call(ctx, node) if isinstance(node, ast.Call) else None
    one = own is not None and own.kind == "metric" and own.definition is not None and not own.alternatives
    return node if one and isinstance(node, ast.Call) else None


def unpacked(steps: list[Step], names: list[ast.expr]) -> ast.expr | None:
    """The expression whose two parts were unpacked into these names, which hold nothing else."""
    wanted = [name.id if isinstance(name, ast.Name) else "" for name in names]
    found: list[ast.expr | None] = []
    for step in slices.certain(steps):
        for node in descendants(step.node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in wanted:
                found.append(unpacking(step.node, wanted))
    return found[0] if len(found) == 2 and found[0] is not None and found[0] is found[1] else None


def unpacking(node: ast.AST, wanted: list[str]) -> ast.expr | None:
    """The right side of `a, b = ...` for these two names."""
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    if not isinstance(target, (ast.Tuple, ast.List)) or not isinstance(node, ast.Assign):
        return None
    return node.value if [getattr(item, "id", "") for item in target.elts] == wanted else None


# ------------------------------------------------------------------------------------------------------- dependence
def part_of(ctx: Context, node: ast.AST) -> tuple[ast.Call, int] | None:
    """The metric call that an expression is the value (0) or the update (1) of."""
    if not isinstance(node, (ast.Name, ast.Subscript)) or isinstance(node.ctx, ast.Store):
        return None
    value = ctx.facts.value(node, "eval")
    found = options(value) if value is not None else ()
    one = found[0] if len(found) == 1 else None
    rule = ctx.rules.find(one.symbol) if isinstance(one, Result) else None
    if not isinstance(one, Result) or rule is None or rule.kind != "metric" or one.part not in ((0,), (1,)):
        return None
    return one.call, int(one.part[0])


def loads(st: Body) -> Callable[[ast.AST], set[str]]:
    """The names that an expression reads, those that hold parts of a metric left out."""

    def read(node: ast.AST) -> set[str]:
        parts = [n for n in descendants(node) if part_of(st.ctx, n) is not None]
        return st.loads_call(node) - {n.id for part in parts for n in every(part, ast.Name)}

    return read


def reads(st: Body, node: ast.expr, part: int) -> tuple[set[ast.Call], list[ast.AST]]:
    """The metrics whose value or update an expression is computed from, and all that it is computed by."""
    read = loads(st)
    needed, _ = slice_steps(st.steps, read(node), read, lambda step: False)
    nodes = [n for step in all_steps(st.steps) if step in needed for n in descendants(step.node)]
    nodes += descendants(node)
    parts = [found for found in (part_of(st.ctx, n) for n in nodes) if found is not None]
    return {call for call, number in parts if number == part}, nodes


def all_steps(steps: list[Step]) -> list[Step]:
    """Every step, inner ones included."""
    return [step for outer in steps for step in (outer, *all_steps([s for block in outer.blocks for s in block]))]


# what an update may be computed by: nothing of it has an effect of its own, or chooses
ARITHMETIC = frozenset(
    [
        "identity",
        "convert_to_tensor",
        "constant",
        "cast",
        "to_float",
        "reduce_mean",
        "reduce_sum",
        "stack",
        "add",
        "add_n",
        "subtract",
        "multiply",
        "divide",
        "div",
        "truediv",
        "div_no_nan",
        "realdiv",
        "sqrt",
        "rsqrt",
        "square",
        "pow",
        "maximum",
        "minimum",
        "abs",
        "negative",
        "group",
        "tuple",
        "no_op",
    ]
)


def computed_updates(st: Body, update: ast.expr) -> set[ast.Call] | None:
    """The metrics whose updates a number is computed from, which runs them; None for what is no plain arithmetic."""
    found, nodes = reads(st, update, 1)
    if any(isinstance(node, CHOOSING) for node in nodes):
        return None
    for node in nodes:
        value = st.ctx.facts.value(node, "eval") if isinstance(node, ast.Call) else None
        symbol = value.symbol if isinstance(value, Result) and value.call is node else ""
        head, _, name = symbol.rpartition(".")
        if isinstance(node, ast.Call) and not (head in ("tensorflow", "tensorflow.math") and name in ARITHMETIC):
            return None
    return found


def surely_updates(st: Body, pair: Pair) -> bool:
    """True when running the update runs that of each metric which the value is computed from.

    A function of the program must be one that computes the value too: it then uses what it is given in both.
    """
    assert pair.update is not None
    from_values, value_nodes = reads(st, pair.value, 0)
    from_updates, nodes = reads(st, pair.update, 1)
    if not from_values or not from_values <= from_updates:
        return False
    if any(isinstance(node, CHOOSING) for node in nodes):
        return False
    used = {d for node in value_nodes if isinstance(node, ast.Call) for d in definitions_of(st.ctx, node)}
    called = {d for node in nodes if isinstance(node, ast.Call) for d in definitions_of(st.ctx, node)}
    conditions = [n for n in nodes if isinstance(n, ast.Call) and "cond" in ast.unparse(n.func).rsplit(".", 1)[-1]]
    return called <= used and not conditions


def definitions_of(ctx: Context, call: ast.Call) -> set[ast.AST]:
    """The functions of the program that a call may call."""
    known = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    return {option.node for option in known if isinstance(option, Function)}
