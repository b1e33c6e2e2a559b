"""The entries of eval_metric_ops as the source writes them: a display, items stored later, in helpers too."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step
from migrator.analysis.values import Function, options
from migrator.lower.reading import symbols
from migrator.lower.reading.slices import definitions
from migrator.source.syntax import descendants, is_none_literal

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

DICTIONARIES = frozenset({"builtins.dict", "collections.OrderedDict"})
EVAL = frozenset({"eval"})

Around = tuple[tuple[Step, int], ...]  # loops and conditions with the block that is meant, outermost first


@dataclasses.dataclass(frozen=True, eq=False)
class Entry:
    """One metric: the key and the value as written, the body they stand in, and what is around them there."""

    key: ast.expr
    value: ast.expr
    module: Module
    body: ast.FunctionDef
    around: Around = ()
    repeated: bool = False  # one for each trip of a comprehension


def entries(ctx: Context, module: Module, body: ast.FunctionDef, node: ast.expr) -> list[Entry] | None:
    """Every entry of the dictionary that an expression at the end of a body is; None when some are not in sight."""
    steps, _ = Specialiser(ctx.facts).block(body.body, EVAL, body.body[0].lineno - 1)
    return _entries(ctx, module, body, steps, node, ())


def _entries(
    ctx: Context, module: Module, body: ast.FunctionDef, steps: list[Step], node: ast.expr, around: Around
) -> list[Entry] | None:
    if isinstance(node, ast.Dict):
        inner = [
            [Entry(k, v, module, body, around)] if k is not None else _entries(ctx, module, body, steps, v, around)
            for k, v in zip(node.keys, node.values, strict=True)
        ]
        return [entry for part in inner if part is not None for entry in part] if None not in inner else None
    if isinstance(node, ast.DictComp) and not isinstance(node.key, ast.Constant):
        return [Entry(node.key, node.value, module, body, around, repeated=True)]
    if isinstance(node, ast.Name):
        return stored(ctx, module, body, steps, node.id)
    if isinstance(node, ast.Call) and symbols.called_symbol(ctx, node) in DICTIONARIES:
        first = _entries(ctx, module, body, steps, node.args[0], around) if node.args else []
        if first is None or len(node.args) > 1 or any(k.arg is None for k in node.keywords):
            return None
        named = [(ast.copy_location(ast.Constant(k.arg), k.value), k.value) for k in node.keywords]
        return first + [Entry(k, v, module, body, around) for k, v in named]
    return from_helper(ctx, node) if isinstance(node, ast.Call) else None


def from_helper(ctx: Context, call: ast.Call) -> list[Entry] | None:
    """The entries of the dictionary that a function of the project returns; of all, where one of several is called."""
    known = [option for value in ctx.facts.callees.get(call, []) for option in options(value)]
    functions = {option.node: option for option in known if isinstance(option, Function)}
    if not functions or not all(isinstance(option, Function) for option in known):
        return None
    found = [returned(ctx, function) for function in functions.values()]
    return [entry for part in found if part is not None for entry in part] if None not in found else None


def returned(ctx: Context, function: Function) -> list[Entry] | None:
    """The entries of the dictionary that one function returns."""
    definition = function.node
    if not isinstance(definition, ast.FunctionDef):
        return None
    steps, _ = Specialiser(ctx.facts).block(definition.body, EVAL, definition.body[0].lineno - 1)
    returns = [step.node for step in nested(steps) if isinstance(step.node, ast.Return)]
    if len(returns) != 1 or not isinstance(returns[0], ast.Return) or returns[0].value is None:
        return None
    return _entries(ctx, function.scope.module, definition, steps, returns[0].value, ())


def nested(steps: list[Step]) -> list[Step]:
    """Every step, inner ones after the step around them."""
    return [step for outer in steps for step in (outer, *nested([s for block in outer.blocks for s in block]))]


def stored(ctx: Context, module: Module, body: ast.FunctionDef, steps: list[Step], name: str) -> list[Entry] | None:
    """The entries of a dictionary that a name holds: where it is made, and every item stored in it since."""
    found: list[Entry] | None = None
    made: list[Around] = []  # where it is made: more than once only on different sides of one condition

    def visit(block: list[Step], around: Around) -> bool:
        for step in block:
            if step.kind == "simple" and not one(step.node, around):
                return False
            for number, inside in enumerate(step.blocks):
                inner = (*around, (step, number)) if step.kind in ("if", "for", "while", "try") else around
                if not visit(inside, inner):
                    return False
        return True

    def one(node: ast.stmt, around: Around) -> bool:
        nonlocal found
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and target.id == name:
                if is_none_literal(node.value):
                    return found is None
                apart = not found or all(exclusive(other, around) for other in made)
                if not apart or reads(node.value, name) or any(step.kind != "if" for step, _ in around):
                    found = None
                    return False
                more = _entries(ctx, module, body, steps, node.value, around)
                found = [*(found or []), *more] if more is not None else None
                made.append(around)
                return found is not None
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == name:
                if found is None:
                    return False
                found = [*found, Entry(target.slice, node.value, module, body, around)]
                return True
        added = update_of(node, name)
        if added is not None:
            more = _entries(ctx, module, body, steps, added, around)
            if found is None or more is None or any(e.body is not body and around for e in more):
                return False
            found = [*found, *more]
            return True
        return not changes(node, name)

    return found if visit(steps, ()) else None


def exclusive(one: Around, other: Around) -> bool:
    """True for two places on different sides of one condition."""
    return any(a[0] is b[0] and a[1] != b[1] for a in one for b in other)


def reads(node: ast.expr, name: str) -> bool:
    """True when an expression mentions a name."""
    return any(isinstance(n, ast.Name) and n.id == name for n in descendants(node))


def update_of(node: ast.stmt, name: str) -> ast.expr | None:
    """What `name.update(...)` adds, as one expression."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "update":
        return None
    if not isinstance(call.func.value, ast.Name) or call.func.value.id != name:
        return None
    if len(call.args) == 1 and not call.keywords:
        return call.args[0]
    if not call.args and all(k.arg is not None for k in call.keywords):
        keys: list[ast.expr | None] = [ast.copy_location(ast.Constant(k.arg), k.value) for k in call.keywords]
        return ast.copy_location(ast.Dict(keys, [k.value for k in call.keywords]), call)
    return None


def changes(node: ast.stmt, name: str) -> bool:
    """True when a statement may change the dictionary in another way than by storing an item."""

    changed, replaced = definitions(node)
    return name in changed | replaced
