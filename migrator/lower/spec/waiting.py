"""Operations that a train_op waits for: minimisations that it runs that way, and moving averages that nothing reads."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.signatures import VARIABLES
from migrator.analysis.values import Const, Opaque, Result, Sequence, Stage, Value, options
from migrator.lower.spec.gradients import around
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

AVERAGE = "tensorflow.train.ExponentialMovingAverage"
SHADOW = "ExponentialMovingAverage"  # what the averages of a variable are called below its name
ORDER = "tensorflow.control_dependencies"
MINIMISATIONS = frozenset({"optimizer.minimize", "optimizer.apply_gradients"})
# what only waits: it has no effect of its own, or one that leaves with it
WAITING = frozenset({"tensorflow.no_op", "tensorflow.identity", "tensorflow.group", f"{AVERAGE}.apply"})


def only_waits(value: Value) -> bool:
    """True for an operation that is there for what it waits for: no_op, the identity of a tensor, averages."""
    if not isinstance(value, Result) or value.symbol not in WAITING or value.part:
        return False
    if value.symbol == "tensorflow.identity":
        given = [o for v in value.bound.values() for o in options(v)]
        return not any(isinstance(o, Result) and o.symbol in VARIABLES for o in given)
    return value.symbol != "tensorflow.group" or not list(minimised(value))


def minimised(value: Value) -> list[Result]:
    """The minimisations in a value: itself, or in a group or list."""
    found: list[Result] = []
    for option in options(value):
        if isinstance(option, Result) and option.symbol in MINIMISATIONS:
            found.append(option)
        elif isinstance(option, Result) and option.symbol in ("tensorflow.group", "tensorflow.tuple"):
            found += [m for inner in option.bound.values() for m in minimised(inner)]
        elif isinstance(option, Sequence):
            found += [m for inner in option.items for m in minimised(inner)]
    return found


def waited_for(ctx: Context, value: Result) -> list[Value]:
    """What an operation waits for, by the `with tf.control_dependencies(...)` that its call stands in."""
    function = around(value.module, value.call)
    found: list[Value] = []
    for node in descendants(function) if function is not None else ():
        if isinstance(node, ast.With) and any(value.call in descendants(s) for s in node.body):
            for item in node.items:
                manager = ctx.facts.value(item.context_expr)
                if isinstance(manager, Result) and manager.symbol == ORDER:
                    found += operations(ctx, manager)
    return found


def operations(ctx: Context, value: Result) -> list[Value]:
    """The operations that a group is made of, or that control_dependencies waits for: sums of lists taken apart."""
    known = [v for name, v in value.bound.items() if name != "name"]
    items = [i for v in known for i in (v.items if isinstance(v, Sequence) else [v])]
    if not any(isinstance(o, Opaque) for i in items for o in options(i)):
        return items
    given = [*value.call.args, *(k.value for k in value.call.keywords if k.arg != "name")]
    return [item for node in given for item in summands(ctx, around(value.module, value.call), node)]


def summands(ctx: Context, function: ast.FunctionDef | None, node: ast.expr) -> list[Value]:
    """The values in a list that is written as a display, or as a sum of lists, under a name of its own or not."""
    if isinstance(node, ast.Starred):
        return summands(ctx, function, node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [*summands(ctx, function, node.left), *summands(ctx, function, node.right)]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [value for item in node.elts for value in summands(ctx, function, item)]
    if isinstance(node, ast.Name) and function is not None:
        stores = [n for n in every(function, ast.Name) if isinstance(n.ctx, ast.Store)]
        made = [n for n in every(function, ast.Assign) if isinstance(n.value, ast.BinOp)]
        bound = [n.value for n in made if any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)]
        if len(bound) == 1 and sum(n.id == node.id for n in stores) == 1:
            return summands(ctx, function, bound[0])
    value = ctx.facts.value(node, "train") or ctx.facts.value(node) or Opaque(Stage.CALL)
    return list(value.items) if isinstance(value, Sequence) else [value]


def ends_a_step(ctx: Context, node: ast.With, value: Value) -> bool:
    """True when all that waits for a minimisation in a `with` only waits: no order of effects is lost with it."""
    if not all(isinstance(o, Result) and o.symbol in (*MINIMISATIONS, "tensorflow.group") for o in options(value)):
        return False
    if not minimised(value):
        return False
    for statement in node.body:
        made = statement.value if isinstance(statement, (ast.Assign, ast.Return)) else None
        result = ctx.facts.value(made, "train") if made is not None else None
        if result is None or not all(only_waits(option) for option in options(result)):
            return False
    return True


def check_averages(ctx: Context, module: Module, apply: Result) -> None:
    """Refuse moving averages that the program reads; tell of those that go because nothing does."""
    for symbol, results in ctx.facts.results.items():
        if symbol.startswith(f"{AVERAGE}.") and symbol not in (f"{AVERAGE}.apply", f"{AVERAGE}.average"):
            raise ctx.refuse("moving-average", results[0].call, results[0].module, "the moving averages are read")
    message = (
        "the moving averages go: nothing in the program reads them, though they were in its checkpoints; an optimizer "
        "made with use_ema=True keeps such averages"
    )
    ctx.note("moving-average", "warning", module, apply.call, message)
    made = apply.bound.get("self")
    name = made.bound.get("name") if isinstance(made, Result) else None
    ctx.unread.add(name.value if isinstance(name, Const) and isinstance(name.value, str) else SHADOW)
    ctx.lower_level("review")


def averages_go(ctx: Context, value: Value) -> bool:
    """True for the update of moving averages that nothing reads, which go; refuses one whose averages are read."""
    apply = average_of(value)
    if apply is not None:
        check_averages(ctx, apply.module, apply)
    return apply is not None


def average_of(value: Value) -> Result | None:
    """The operation that updates moving averages, when the value is one."""
    found = [o for o in options(value) if isinstance(o, Result) and o.symbol == f"{AVERAGE}.apply"]
    return found[0] if len(found) == len(options(value)) and found else None
