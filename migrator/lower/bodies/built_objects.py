"""Objects whose constructor makes the layers: a layer that returns, by name, what others read of the object."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.lookup import plain_base
from migrator.analysis.values import Function, Instance, Stage, Value, options
from migrator.lower.bodies import object_methods
from migrator.lower.reading.slices import definitions, kept_name
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.bodies.object_methods import Method
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


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
    if not all(plain_base(base) for base in function.owner.bases):
        raise ctx.refuse("class-base", cls, module, f"`{cls.name}` derives from a class that also builds the network")
    inside = {id(n) for n in descendants(cls)}
    found: set[str] = set()
    methods: set[str] = set()
    called = {call.func for call in ctx.facts.callees}
    for node in list(ctx.facts.values):
        if id(node) in inside:
            continue
        check_given(ctx, module, cls, node)
        if not isinstance(node, ast.Attribute) or cls not in held_by(ctx, node.value):
            continue
        if node not in called and is_bound(ctx.facts.value(node)):
            message = f"the method `{node.attr}` of an object whose constructor builds the network is used as a value"
            raise ctx.refuse("owning-init", node, module, message)
        attr = held_attribute(ctx, node) if isinstance(node.ctx, ast.Load) else None
        method = object_methods.method_of(ctx, node) if isinstance(node.ctx, ast.Load) else None
        if attr is None and method is not None and method in cls.body:
            methods.add(method.name)
            continue
        if attr is None:
            message = f"`{node.attr}` of an object whose constructor builds the network does more than read it"
            raise ctx.refuse("owning-init", node, module, message)
        if ctx.facts.stage(node) is Stage.STATIC and ctx.facts.mode_dependent(node):
            message = f"`{attr}` of an object whose constructor builds the network differs between modes"
            raise ctx.refuse("owning-init", node, module, message)
        found.add(attr)
    for definition, frames in ctx.facts.frames.items():
        values = [v for f in frames for name, v in f.arguments.items() if name != "self"]
        if any(isinstance(o, Instance) and o.built and o.cls.node is cls for v in values for o in options(v)):
            message = f"an object of `{cls.name}` is passed to a function"
            raise ctx.refuse("object-passed", definition, frames[0].module, message)
    for read in used_methods(ctx, module, cls, methods):
        found |= read.tensors(ctx)
    return sorted(found)


def used_methods(ctx: Context, module: Module, cls: ast.ClassDef, names: Iterable[str] = ()) -> list[Method]:
    """The methods that any unit of the group, as far as they were looked at, calls of the objects of a class."""
    known = ctx.shared.held_methods.setdefault(cls, set(names))
    ctx.shared.grown |= not known.issuperset(names)
    known |= set(names)
    return object_methods.all_reads(ctx, module, cls, known)


def check_given(ctx: Context, module: Module, cls: ast.ClassDef, node: ast.AST) -> None:
    """Refuse a call that is given an object of the class, such as `getattr`: it is a dictionary now."""
    if not isinstance(node, ast.Call):
        return
    given = [a.value if isinstance(a, ast.Starred) else a for a in node.args] + [k.value for k in node.keywords]
    if any(cls in held_by(ctx, argument) for argument in given):
        raise ctx.refuse("object-passed", node, module, f"an object of `{cls.name}` is passed to a function")


def is_bound(value: Value | None) -> bool:
    """True for what may be a method."""
    return any(isinstance(o, Function) for o in (options(value) if value is not None else ()))


def held_by(ctx: Context, node: ast.AST) -> list[ast.ClassDef]:
    """The classes of the objects with layers that an expression may be."""
    value = ctx.facts.value(node)
    return [o.cls.node for o in (options(value) if value is not None else ()) if isinstance(o, Instance) and o.built]


def held_attribute(ctx: Context, node: ast.Attribute) -> str | None:
    """The attribute that `model.x` reads, or the method `model.get_x` returns and does nothing else."""
    value = ctx.facts.value(node)
    method = object_methods.method_of(ctx, node)
    if method is None:
        return None if is_bound(value) else node.attr
    last = method.body[-1]
    plain = all(isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) for s in method.body[:-1])
    if plain and isinstance(last, ast.Return) and isinstance(last.value, ast.Attribute):
        holder = last.value.value
        arguments = method.args
        first = arguments.args[0].arg if len(arguments.args) == 1 and not arguments.defaults else ""
        if isinstance(holder, ast.Name) and holder.id == first:
            return last.value.attr
    return None


def returned_lines(st: Body, held: list[str]) -> list[str]:
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
        elif step.kind in ("if", "training"):
            found |= surely_defined(step.blocks[0]) & surely_defined(step.blocks[1])
    return found


def held_text(st: Body, node: ast.AST) -> str | None:
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
    method = object_methods.method_of(st.ctx, func)
    if attr is None and method is not None and isinstance(node, ast.expr):
        return object_methods.used_text(st, node, func, method)
    if attr is None:
        message = "a method of an object whose constructor builds the network does more than read it"
        raise st.ctx.refuse("owning-init", node, st.module, message)
    return kept_text(st, node) or f"{st.call_text(func.value)}['{attr}']"


def kept_text(st: Body, node: ast.AST) -> str | None:
    """`self.network.width` for `model.width` that is known when the layer is made; None for anything else."""
    attr = kept_attribute(st, node)
    func = node.func if isinstance(node, ast.Call) else node
    return object_methods.kept_text(st, func, attr) if attr is not None and isinstance(func, ast.Attribute) else None


def kept_attribute(st: Body, node: ast.AST) -> str | None:
    """The attribute of such an object that its layer keeps from its construction, where an expression reads one."""
    func = node.func if isinstance(node, ast.Call) else node
    if not isinstance(func, ast.Attribute) or not isinstance(func.ctx, ast.Load) or not held_by(st.ctx, func.value):
        return None
    if isinstance(func.value, ast.Name) and func.value.id == st.self_name:
        return None
    attr = held_attribute(st.ctx, func)
    read = is_bound(st.ctx.facts.value(func)) is isinstance(node, ast.Call)
    classes = set(held_by(st.ctx, func.value))
    if attr is None or not read or not all(object_methods.statics(st.ctx, cls, [attr]) for cls in classes):
        return None
    return attr
