"""Learning rates written by hand: what a program computes from the global step becomes a function of the step."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import walk
from migrator.analysis.values import Result, Stage, options
from migrator.lower.bodies import construction_lines, rendering
from migrator.lower.library import steps
from migrator.lower.reading.slices import all_definitions, slice_steps
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body


def is_computed(st: Body, node: ast.expr | None) -> bool:
    """True for a rate that follows the step by operations of the program's own, not by a schedule alone."""
    value = st.ctx.facts.value(node) if node is not None else None
    if node is None or value is None:
        return False
    if any(steps.returns_schedule(st.ctx, o) and not steps.follows_the_step(o) for o in options(value)):
        return True
    if st.ctx.facts.stage(node) <= Stage.STATIC:
        return False
    return not all(isinstance(o, Result) and steps.returns_schedule(st.ctx, o) for o in options(value))


def function_lines(st: Body, rate: ast.expr, before: ast.AST, indent: str) -> tuple[list[str], str]:
    """(the function that computes a rate from the step, the schedule that calls it) for the body of a builder.

    `before` is the call that is given the rate. Raises Refused for a rate that depends on more than the step and what
    is known when the optimizer is made.
    """
    ctx, module = st.ctx, st.module

    def loads(node: ast.AST) -> set[str]:
        given = {
            n.id for n in (node, *descendants(node)) if isinstance(n, ast.Name) and steps.is_global_step(st.ctx, n)
        }
        return st.loads_static(node) - given

    st.follows_step = step_name(st)
    st.begin_method()
    needed, start = slice_steps(st.steps, loads(rate), loads, lambda step: False)
    for step in walk(st.steps):
        if step in needed and step.kind == "simple" and step.node.lineno >= getattr(before, "lineno", 0):
            raise ctx.refuse("hand-written-schedule", rate, module, "the learning rate is computed anew later")
    for name in sorted(start):
        if st.roles.get(name) != "static" and name in st.locals and name not in st.free:
            message = f"the learning rate is computed from `{name}`, which is not known when the optimizer is made"
            raise ctx.refuse("hand-written-schedule", rate, module, message)
    name = f"{rate.id}_at" if isinstance(rate, ast.Name) else "learning_rate_at"
    deeper = indent + "    "
    body = rendering.compact(construction_lines.static_block(st, st.steps, needed, deeper, 0, set()))
    text = st.static_text(rate)
    stored = {n for step in walk(st.steps) if step in needed for n in all_definitions(step)}
    parameters = [st.follows_step, *(f"{n}={n}" for n in sorted(stored & start))]
    lines = ["", f"{indent}def {name}({', '.join(parameters)}):", *body]
    lines += [*rendering.wrapped(f"{deeper}return ", text, ""), ""]
    st.follows_step = ""
    st.begin_method()
    return lines, ctx.use(module, f"support.StepSchedule({name})")


def step_name(st: Body) -> str:
    """What the program calls the global step in a body: one name for all that stands for it."""
    names = [n.id for n in every(st.node, ast.Name) if steps.is_global_step(st.ctx, n)]
    return names[0] if names else "step"
