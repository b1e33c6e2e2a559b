"""Methods of objects whose constructor builds the network: what they read, and what their calls become."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

from migrator.analysis.lookup import class_member, decorator_names
from migrator.analysis.values import Function, Instance, Stage, options, stage_of
from migrator.emit.fragments import call_text
from migrator.lower.reading.owner import owner_of
from migrator.lower.reading.owning import owns
from migrator.lower.reading.python_calls import reference
from migrator.source.syntax import descendants, every, is_generator

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site
    from migrator.source.module import Module


@dataclasses.dataclass(frozen=True, eq=False)
class Method:
    """A method that computes more of its object: the attributes and the other methods that it reads, by node."""

    node: ast.FunctionDef
    attributes: dict[ast.Attribute, str]
    others: dict[ast.Attribute, ast.FunctionDef]

    def tensors(self, ctx: Context) -> set[str]:
        """The attributes that only a call of the layer gives a value."""
        return {attr for node, attr in self.attributes.items() if ctx.facts.stage(node) is not Stage.STATIC}

    def statics(self, ctx: Context) -> set[str]:
        """The attributes that the layer keeps from its construction."""
        return set(self.attributes.values()) - self.tensors(ctx)


def method_of(ctx: Context, node: ast.Attribute) -> ast.FunctionDef | None:
    """The one method or property that an attribute of such an object is; None for anything else."""
    value = ctx.facts.value(node.value)
    found: set[ast.AST] = set()
    for option in options(value) if value is not None else ():
        member = class_member(option.cls, node.attr) if isinstance(option, Instance) and option.built else None
        found.add(member.node if isinstance(member, Function) else node)
    only = found.pop() if len(found) == 1 else None
    return only if isinstance(only, ast.FunctionDef) else None


def is_property(method: ast.FunctionDef) -> bool:
    """True for a method that is read without a call."""
    return "property" in decorator_names(method)


def method_reads(ctx: Context, module: Module, cls: ast.ClassDef, method: ast.FunctionDef) -> Method:
    """What a method reads of its object. Refuses one that makes layers, or uses its object in another way."""

    def refuse(node: ast.AST, what: str) -> Exception:
        message = f"`{method.name}` of an object whose constructor builds the network {what}"
        return ctx.refuse("owning-init", node, module, message)

    plain = len(method.decorator_list) == is_property(method) and not is_generator(method)
    arguments = method.args
    if not plain or not arguments.args or arguments.vararg or arguments.kwarg or arguments.posonlyargs:
        raise refuse(method, "is decorated, or takes *args or **kwargs")
    if owns(ctx, method):
        raise refuse(method, "makes layers or metrics itself")
    this = arguments.args[0].arg
    members = {m.name: m for m in cls.body if isinstance(m, ast.FunctionDef)}
    found = Method(method, {}, {})
    held: set[ast.AST] = set()
    for node in descendants(method):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == this:
            held.add(node.value)
            if not isinstance(node.ctx, ast.Load):
                raise refuse(node, f"sets `{node.attr}`")
            other = members.get(node.attr)
            if other is not None:
                found.others[node] = other
            elif ctx.facts.mode_dependent(node) and ctx.facts.stage(node) is Stage.STATIC:
                raise refuse(node, f"reads `{node.attr}`, which differs between modes")
            else:
                found.attributes[node] = node.attr
    bare = [n for n in every(method, ast.Name) if n.id == this and n not in held]
    if bare or this != "self":
        raise refuse(bare[0] if bare else method, "passes the object on")
    called = {n.func for n in every(method, ast.Call)}
    for node, other in found.others.items():
        if is_property(other) is (node in called):
            raise refuse(node, f"reads the method `{other.name}` as a value")
    return found


def all_reads(ctx: Context, module: Module, cls: ast.ClassDef, names: set[str]) -> list[Method]:
    """The methods of these names and those that they call, in the order of the class."""
    members = {m.name: m for m in cls.body if isinstance(m, ast.FunctionDef)}
    found: dict[ast.FunctionDef, Method] = {}
    todo = [members[name] for name in sorted(names)]
    while todo:
        method = todo.pop()
        if method not in found:
            found[method] = method_reads(ctx, module, cls, method)
            todo += found[method].others.values()
    return [found[m] for m in cls.body if isinstance(m, ast.FunctionDef) and m in found]


def used_text(st: Body, node: ast.expr, func: ast.Attribute, method: ast.FunctionDef) -> str:
    """`self.network.lm_loss(model, labels)` for `model.lm_loss(labels)`: the layer, told what its call gave."""
    site = making_site(st, func)
    if site is None:
        message = "a method is called of an object whose constructor builds the network, which is made elsewhere"
        raise st.ctx.refuse("owning-init", node, st.module, message)
    name = owner_of(st.ctx, st, site.own).methods[method]
    given = call_arguments(st, node) if isinstance(node, ast.Call) else []
    return call_text(f"{reference(st, site)}.{name}", [st.call_text(func.value), *given])


def statics(ctx: Context, cls: ast.ClassDef, held: Iterable[str]) -> set[str]:
    """Those of the attributes that are known when the objects of a class are made: the layer keeps them."""
    made: dict[int, Instance] | None = ctx.__dict__.get("_built_instances")
    if made is None:
        made = ctx.__dict__["_built_instances"] = {}
        for node in ctx.facts.values:
            value = ctx.facts.value(node)
            found = [o for o in (options(value) if value is not None else ()) if isinstance(o, Instance) and o.built]
            made.update({id(instance): instance for instance in found})
    own = [instance for instance in made.values() if instance.cls.node is cls]
    values = {attr: [i.attrs[attr] for i in own if attr in i.attrs] for attr in held}
    return {attr for attr, known in values.items() if known and all(stage_of(v) is Stage.STATIC for v in known)}


def kept_text(st: Body, node: ast.Attribute, attr: str) -> str:
    """How the body reads what the layer keeps."""
    site = making_site(st, node)
    if site is None:
        message = f"`{attr}` is read of an object whose constructor builds the network, which is made elsewhere"
        raise st.ctx.refuse("owning-init", node, st.module, message)
    return f"{reference(st, site)}.{owner_of(st.ctx, st, site.own).statics[attr]}"


def making_site(st: Body, node: ast.Attribute) -> Site | None:
    """Where the body makes the object whose attribute is read; None where it is made elsewhere, or one of several."""
    value = st.ctx.facts.value(node.value)
    made = {o.made for o in (options(value) if value is not None else ()) if isinstance(o, Instance)}
    sites = [st.sites[call] for call in made if call in st.sites]
    return sites[0] if len(made) == 1 and sites and not sites[0].names else None


def call_arguments(st: Body, call: ast.Call) -> list[str]:
    """The arguments of a call of a method."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        message = "arguments passed with * cannot be told apart"
        raise st.ctx.refuse("star-arguments", call, st.module, message)
    return [*map(st.call_text, call.args), *(f"{k.arg}={st.call_text(k.value)}" for k in call.keywords)]
