"""Functions of the global step: a Keras schedule counts steps itself, so the step is no argument any more."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import Function, Result, options
from migrator.emit.fragments import call_text
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context


def step_parameters(ctx: Context, definition: ast.AST) -> set[str]:
    """Parameters of a function that returns a schedule and that are only ever given the global step."""
    frames = [f for f in ctx.facts.frames.get(definition, []) if f.call is not None]
    if not frames or not all(returns_schedule(ctx, f.returned) for f in frames):
        return set()
    names = set(frames[0].arguments)
    return {n for n in names if all(is_step(f.arguments.get(n)) for f in frames)}


def returns_schedule(ctx: Context, value: object) -> bool:
    """True for the result of a learning-rate schedule that a rule covers."""
    if not isinstance(value, Result):
        return False
    rule = ctx.rules.find(value.symbol)
    return rule is not None and rule.kind == "schedule"


COUNTERS = ("global_step", "x")  # what the rules of schedules call the step
CASTS = frozenset(
    f"tensorflow.{name}" for name in ("cast", "to_float", "to_double", "to_int32", "to_int64", "identity")
)


def follows_the_step(value: object) -> bool:
    """True for the result of a schedule that is given the global step itself, in whatever type."""
    given = [value.bound[name] for name in COUNTERS if name in value.bound] if isinstance(value, Result) else []
    return len(given) == 1 and all(is_cast_step(option) for option in options(given[0]))


def is_cast_step(value: object) -> bool:
    """True for the global step, in another type or not."""
    if isinstance(value, Result) and value.symbol in CASTS and not value.part:
        inner = value.bound.get("x", value.bound.get("input", value.bound.get("0")))
        return inner is not None and all(is_step(option) for option in options(inner))
    return is_step(value)


def is_step(value: object) -> bool:
    """True for the global step."""
    return isinstance(value, Result) and value.symbol in GLOBAL_STEPS and not value.part


def is_global_step(ctx: Context, node: ast.expr) -> bool:
    """True for an expression that is the global step."""
    value = ctx.facts.value(node)
    return value is not None and all(is_step(option) for option in options(value))


def step_arguments(ctx: Context, call: ast.Call) -> set[ast.expr]:
    """The arguments of a call that pass the global step to a function which returns a schedule."""
    found: set[ast.expr] = set()
    for value in ctx.facts.callees.get(call, []):
        for callee in options(value):
            if not isinstance(callee, Function):
                continue
            dropped = step_parameters(ctx, callee.node)
            if not dropped:
                continue
            names = [p.arg for p in (*callee.node.args.posonlyargs, *callee.node.args.args)]
            names = names[1:] if callee.bound is not None else names
            found |= {a for n, a in zip(names, call.args, strict=False) if n in dropped}
            found |= {k.value for k in call.keywords if k.arg in dropped}
    return found


def call_without(call: ast.Call, skipped: set[ast.expr], render: Callable[[ast.AST], str]) -> str:
    """A call without some of its arguments."""
    shown = [render(a) for a in call.args if a not in skipped]
    shown += [f"{k.arg}={render(k.value)}" for k in call.keywords if k.value not in skipped]
    return call_text(render(call.func), shown)


def header_without(text: str, name: str, dropped: set[str]) -> str:
    """A function's text without some of its parameters."""
    start = text.index("(", text.index(f"def {name}")) + 1
    end = text.index(":", text.index(")", start))
    header = text[start:end]
    for parameter in dropped:
        header = re.sub(rf"(?<![\w.]){parameter}\b\s*(=\s*[^,)]*)?(,\s*)?", "", header, count=1)
    return text[:start] + re.sub(r",\s*\)", ")", header) + text[end:]


def without_steps(lines: list[str], dropped: set[str]) -> list[str] | None:
    """A function's lines without the statements that only convert the step; None where it is still read."""
    body = ast.parse("\n".join(lines)).body[0]
    gone: set[int] = set()
    read: set[str] = set()
    for statement in getattr(body, "body", []):
        names = {n.id for n in every(statement, ast.Name)} & dropped
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if names and isinstance(target, ast.Name) and target.id in dropped and len(names) == 1:
            gone.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
        else:
            read |= names
    return None if read else [line for number, line in enumerate(lines, 1) if number not in gone]
