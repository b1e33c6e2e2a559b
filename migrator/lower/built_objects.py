"""Objects whose constructor makes the layers: a layer that returns, by name, what others read of the object."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step
from migrator.analysis.values import Function, Instance, Stage, options, stage_of
from migrator.lower.context import Context
from migrator.lower.slices import definitions, kept_name
from migrator.source.module import Module
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.staging import Staging


def held_by_all(ctx: Context, module: Module, cls: ast.ClassDef, function: Function) -> list[str]:
    """What any unit of the group, as far as they were looked at, reads of the objects of a class."""
    read = set(held_attributes(ctx, module, cls, function))
    found = ctx.shared.held.setdefault(cls, read)
    ctx.shared.grown |= not read <= found
    found |= read
    return sorted(found)


def held_attributes(ctx: Context, module: Module, cls: ast.ClassDef, function: Function) -> list[str]:
    """What others read of the objects of a class whose constructor builds a network. Refuses other uses of them."""
    if cls not in module.tree.body or function.owner is None:
        raise ctx.refuse("owning-init", cls, module, f"`{cls.name}.__init__` builds the network, inside a function")
    if any(getattr(base, "name", "") != "builtins.object" for base in function.owner.bases):
        raise ctx.refuse("class-base", cls, module, f"`{cls.name}` derives from a class that also builds the network")
    inside = {id(n) for n in descendants(cls)}
    found: set[str] = set()
    for node in list(ctx.facts.values):
        if id(node) in inside or not isinstance(node, ast.Attribute) or cls not in held_by(ctx, node.value):
            continue
        attr = held_attribute(ctx, node) if isinstance(node.ctx, ast.Load) else None
        if attr is None:
            message = f"`{node.attr}` of an object whose constructor builds the network does more than read it"
            raise ctx.refuse("owning-init", node, module, message)
        value = ctx.facts.value(node)
        if attr == node.attr and value is not None and stage_of(value) is not Stage.CALL:
            message = f"`{attr}` of an object whose constructor builds the network is no tensor"
            raise ctx.refuse("owning-init", node, module, message)
        found.add(attr)
    for definition, frames in ctx.facts.frames.items():
        values = [v for f in frames for name, v in f.arguments.items() if name != "self"]
        if any(isinstance(o, Instance) and o.built and o.cls.node is cls for v in values for o in options(v)):
            message = f"an object of `{cls.name}` is passed to a function"
            raise ctx.refuse("object-passed", definition, frames[0].module, message)
    return sorted(found)


def held_by(ctx: Context, node: ast.AST) -> list[ast.ClassDef]:
    """The classes of the objects with layers that an expression may be."""
    value = ctx.facts.value(node)
    return [o.cls.node for o in (options(value) if value is not None else ()) if isinstance(o, Instance) and o.built]


def held_attribute(ctx: Context, node: ast.Attribute) -> str | None:
    """The attribute that `model.x` reads, or the method `model.get_x` returns and does nothing else."""
    value = ctx.facts.value(node)
    functions = [o for o in options(value) if isinstance(o, Function)] if value is not None else []
    if not functions:
        return node.attr
    body = functions[0].node.body if len({f.node for f in functions}) == 1 else []
    last = body[-1] if isinstance(body, list) and body else None
    plain = isinstance(body, list) and all(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in body[:-1]
    )
    if plain and isinstance(last, ast.Return) and isinstance(last.value, ast.Attribute):
        holder = last.value.value
        arguments = functions[0].node.args
        first = arguments.args[0].arg if len(arguments.args) == 1 and not arguments.defaults else ""
        if isinstance(holder, ast.Name) and holder.id == first:
            return last.value.attr
    return None


def returned_lines(st: Staging, held: list[str]) -> list[str]:
    """The end of `call`: what the object held, by name."""
    surely = surely_defined(st.steps)
    for attr in held:
        if attr not in st.kept or kept_name(attr) not in surely:
            raise st.ctx.refuse("owning-init", st.node, st.module, f"`{attr}` is read, but not set in the constructor")
    shown = ", ".join(f"'{attr}': {st.held(attr)}" for attr in held)
    return [f"        return {{{shown}}}"]


def surely_defined(steps: Iterable[Step]) -> set[str]:
    """The names that every run of some steps defines."""
    found: set[str] = set()
    for step in steps:
        if step.kind == "simple":
            found |= definitions(step.node)[1]
        elif step.kind == "with":
            found |= surely_defined(step.blocks[0])
    return found


def held_text(st: Staging, node: ast.AST) -> str | None:
    """`model['x']` for `model.x` and `model.get_x()` of an object whose constructor makes layers."""
    func = node.func if isinstance(node, ast.Call) else node
    if not isinstance(func, ast.Attribute) or not isinstance(func.ctx, ast.Load):
        return None
    if isinstance(func.value, ast.Name) and func.value.id == st.self_name:
        return None
    if not held_by(st.ctx, func.value):
        return None
    value = st.ctx.facts.value(func)
    is_method = value is not None and any(isinstance(o, Function) for o in options(value))
    if is_method is not isinstance(node, ast.Call):
        return None
    attr = held_attribute(st.ctx, func)
    if attr is None:
        message = "a method of an object whose constructor builds the network does more than read it"
        raise st.ctx.refuse("owning-init", node, st.module, message)
    return f"{st.call_text(func.value)}['{attr}']"
