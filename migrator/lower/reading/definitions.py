"""Definitions of the program: the classes they descend from, the frames they ran in, the roles of their parameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.calls import APPLYING
from migrator.analysis.values import (
    ClassRef,
    Const,
    Function,
    Mapping,
    Opaque,
    Result,
    Sequence,
    Stage,
    Value,
    depends_on_mode,
    options,
    stage_of,
)
from migrator.source.syntax import children, descendants, remembered

if TYPE_CHECKING:
    from migrator.analysis.facts import Frame
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def called_object(ctx: Context, call: ast.Call) -> ast.expr:
    """What a call calls; of `layer.apply(x)`, the layer."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in APPLYING:
        return func
    held = ctx.facts.value(func.value)
    called = [o for value in ctx.facts.callees.get(call, []) for o in options(value)]
    made = {o.call for o in (options(held) if held is not None else ()) if isinstance(o, Result) and not o.part}
    return func.value if called and all(isinstance(o, Result) and o.call in made for o in called) else func


@remembered
def calls_in(definition: ast.AST) -> tuple[ast.Call, ...]:
    """The calls of a function's own body, nested definitions left out."""
    found: list[ast.Call] = []
    todo: list[ast.AST] = list(children(definition))
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call):
            found.append(node)
        todo.extend(children(node))
    return tuple(found)


def lineage(cls: ClassRef) -> list[ClassRef]:
    """The class and the project classes above it."""
    found = [cls]
    for base in cls.bases:
        if isinstance(base, ClassRef):
            found += lineage(base)
    return found


def class_of(cls: ClassRef, method: ast.FunctionDef) -> ast.ClassDef:
    """The class statement that a method stands in."""
    return next(c.node for c in lineage(cls) if method in c.node.body)


def frames_of(ctx: Context, definition: ast.AST) -> list[Frame]:
    """Every activation of a definition; supposed ones only where there is no other."""
    frames = ctx.facts.frames.get(definition, [])
    return [f for f in frames if not f.supposed] or frames


def parameter_roles(ctx: Context, module: Module, definition: ast.FunctionDef) -> dict[str, str]:
    """Parameter -> "static" (constructor), "call" (tensor) or "mode" (becomes `training`), over all activations."""
    arguments = definition.args
    rest = [p.arg for p in (arguments.vararg, arguments.kwarg) if p is not None]
    if not all(is_never_given(ctx, definition, name) for name in rest):
        raise ctx.refuse("star-parameters", definition, module, f"`{definition.name}` takes *args or **kwargs")
    names = [p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    roles: dict[str, str] = {}
    for name in names:
        values = [f.arguments[name] for f in frames_of(ctx, definition) if name in f.arguments]
        roles[name] = role(values)
    return roles


def role(values: list[Value]) -> str:
    """The role of a parameter that was given these values."""
    if any(stage_of(v) > Stage.STATIC for v in values) or any(is_number_by_mode(v) for v in values):
        return "call"
    if any(depends_on_mode(v) and isinstance(v, (Const, Opaque)) for v in values):
        return "mode"
    return "static"


def is_never_given(ctx: Context, definition: ast.FunctionDef, rest: str) -> bool:
    """True for `*args` or `**kwargs` that are empty in each call, and that nothing reads."""
    given = [f.arguments[rest] for f in frames_of(ctx, definition) if rest in f.arguments]
    if not given or any(isinstance(n, ast.Name) and n.id == rest for n in descendants(definition)):
        return False
    return all(isinstance(v, (Sequence, Mapping)) and not v.items and not v.open for v in given)


def numbers_by_mode(ctx: Context, definition: ast.FunctionDef) -> frozenset[str]:
    """The parameters that are given, in some mode, a number that depends on it."""
    given = [item for frame in frames_of(ctx, definition) for item in frame.arguments.items()]
    found = {name for name, value in given if is_number_by_mode(value)}
    return frozenset(found - {name for name, value in given if stage_of(value) > Stage.STATIC})


def is_number_by_mode(value: Value) -> bool:
    """True for a number that depends on the mode, such as a dropout rate: it is told with each call."""
    number = isinstance(value, Const) and isinstance(value.value, (int, float)) and not isinstance(value.value, bool)
    return number and value.mode


def one_definition(value: Value | None) -> Function | None:
    """The function that a value surely is, whatever scope it closes over."""
    found = options(value) if value is not None else ()
    functions = [o for o in found if isinstance(o, Function)]
    if functions and len(functions) == len(found) and len({f.node for f in functions}) == 1:
        return functions[0]
    return None


def entry_function(ctx: Context, definition: ast.FunctionDef) -> Function:
    """The function value of an entry method, from one of its activations."""
    for frame in ctx.facts.frames.get(definition, []):
        if frame.function is not None:
            return frame.function
    raise AssertionError("an entry that was never evaluated")
