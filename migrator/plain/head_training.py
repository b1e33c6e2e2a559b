"""How a head is told to train: the statements that make the train_op of its loss."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Mapping

from migrator.plain.found import Staying, bound_in, is_alone
from migrator.plain.lines import indented
from migrator.source.module import Module
from migrator.source.syntax import children, descendants, every, is_none_literal

LOSS = "loss"  # what the template calls what is minimised


@dataclasses.dataclass(frozen=True, eq=False)
class Training:
    """The lines that bind train_op, what of the program they hold, and the function that goes into them."""

    lines: tuple[str, ...]
    held: tuple[ast.AST, ...]
    dropped: tuple[ast.FunctionDef, ...] = ()


def training(module: Module, tf: str, function: ast.FunctionDef, given: Mapping[str, ast.expr]) -> Training:
    """How the head of a model_fn trains. Raises Staying for one that is not told."""
    step, optimizer = given.get("train_op_fn"), given.get("optimizer")
    if isinstance(step, ast.Name):
        definition = moving(module, function, step)
        return moved(module, definition) if definition is not None else Training((f"train_op = {step.id}(loss)",), ())
    if isinstance(step, ast.Lambda) and [a.arg for a in step.args.args] == [LOSS]:
        return Training((f"train_op = {' '.join(module.segment(step.body).split())}",), (step.body,))
    told = step is None or is_none_literal(step)
    if told and isinstance(optimizer, (ast.Name, ast.Attribute, ast.Call)):
        text = " ".join(module.segment(optimizer).split())
        return Training((f"train_op = {text}.minimize(loss, {tf}.train.get_global_step())",), (optimizer,))
    raise Staying("how it trains cannot be followed")


def moving(module: Module, function: ast.FunctionDef, step: ast.Name) -> ast.FunctionDef | None:
    """The inner function that makes the optimizer itself, and that nothing else calls; None for any other."""
    found = [n for n in function.body if isinstance(n, ast.FunctionDef) and n.name == step.id]
    if len(found) != 1 or bound_in(function).count(step.id) != 1:
        return None
    definition = found[0]
    own = {n.id for n in every(definition, ast.Name) if not isinstance(n.ctx, ast.Load)}
    ends = [n for n in descendants(definition) if isinstance(n, (ast.Return, ast.Yield, ast.Nonlocal, ast.Global))]
    last = definition.body[-1]
    around = bound_in(function)
    called = sum(n.id == step.id for n in every(function, ast.Name))
    fits = (
        own
        and ast.unparse(definition.args) == LOSS
        and not definition.decorator_list
        and ends == [last]
        and isinstance(last, ast.Return)
        and last.value is not None
        and called == 1
        and all(around.count(name) == bound_in(definition).count(name) for name in own)
        and all(is_alone(module, one) for one in (*definition.body, definition))
        and not any(
            n.end_lineno != n.lineno for n in every(definition, ast.Constant) if n not in children(definition.body[0])
        )
    )
    return definition if fits else None


def moved(module: Module, definition: ast.FunctionDef) -> Training:
    """The statements of a function in the place of its call."""
    first, last = definition.body[ast.get_docstring(definition) is not None], definition.body[-1]
    start = first.lineno
    while start - 1 > definition.lineno and module.lines[start - 2].lstrip().startswith("#"):
        start -= 1
    lines = list(module.lines[start - 1 : last.end_lineno])
    lines[last.lineno - start] = re.sub(r"return\b\s*", "train_op = ", lines[last.lineno - start], count=1)
    column = len(module.indent_of(first))
    return Training(tuple(indented([line for line in lines if line.strip()], -column)), (definition,), (definition,))
