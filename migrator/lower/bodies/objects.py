"""The object whose method a model_fn is, or is made in: what is read of it becomes constructor arguments."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from migrator.analysis.values import Function, Instance, Opaque, Scope, Value, options
from migrator.detect.programs import object_of
from migrator.lower.reading.definitions import lineage
from migrator.lower.reading.slices import kept_name
from migrator.source.syntax import children, descendants, every, syntax_of

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def object_name(node: ast.FunctionDef, function: Function | None) -> str:
    """The name by which a definition reads the object of its method, or of the method around it; "" for none."""
    if function is None:
        return ""
    if function.bound is not None and node.args.args:
        return node.args.args[0].arg
    bound = {p.arg for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    read = any(isinstance(n, ast.Name) and n.id == "self" for n in descendants(node))
    return "self" if read and "self" not in bound and isinstance(enclosing(function, "self"), Instance) else ""


def enclosing(function: Function, name: str) -> Value | None:
    """The value of a name of the functions around a definition."""
    scope: Scope | None = function.scope
    while scope is not None and scope.parent is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    return None


def kept_attributes(st: Body) -> frozenset[str]:
    """The attributes that a body keeps on the object it belongs to: between its statements they are local names."""
    if not st.self_name or st.keep_self:
        return frozenset()
    stores = [n for n in every(st.node, ast.Attribute) if not isinstance(n.ctx, ast.Load)]
    stores = [n for n in stores if isinstance(n.value, ast.Name) and n.value.id == st.self_name]
    found = {n.attr for n in stores}
    if not found:
        return frozenset()
    nested = [n for n in descendants(st.node) if isinstance(n, (ast.FunctionDef, ast.Lambda)) and n is not st.node]
    inside = {id(n) for definition in nested for n in descendants(definition)}
    read = {n.id for n in every(st.node, ast.Name)}
    names = {kept_name(attr) for attr in found}
    if st.self_name != "self" or any(id(n) in inside for n in stores) or names & read or len(names) < len(found):
        message = "an attribute is kept on the object in a way that is not followed"
        raise st.ctx.refuse("object-state", stores[0], st.module, message)
    return frozenset(found)


def refuse_bare(st: Body, node: ast.AST) -> None:
    """Refuse the object itself as a value: in the new class, `self` is another object."""
    if isinstance(node, ast.Name) and st.self_name and node.id == st.self_name and not (st.keep_self or st.at_hand):
        message = f"`{node.id}` itself is passed on, which is another object in the new class"
        raise st.ctx.refuse("object-passed", node, st.module, message)


def check_start(st: Body, start: set[str]) -> None:
    """Refuse a body that reads an attribute which it keeps on its object before it has kept anything there."""
    for attr in sorted(st.kept):
        if kept_name(attr) in start:
            message = f"`self.{attr}` is read before it is set: what it held then is not followed"
            raise st.ctx.refuse("object-state", st.node, st.module, message)


def as_read(st: Body, composite: str) -> str:
    """An attribute of the object as the builder reads it."""
    return f"{st.self_name}.{composite.removeprefix('self.')}"


def is_method(module: Module, node: ast.AST) -> bool:
    """True for a definition that stands in a class body."""
    return any(isinstance(n, ast.ClassDef) and node in n.body for n in descendants(module.tree))


def decorators(module: Module, node: ast.FunctionDef) -> list[str]:
    """The decorators that a builder keeps from its model_fn."""
    found = [d for d in node.decorator_list if isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod")]
    return [f"@{module.segment(d)}" for d in found]


def plain_names(st: Body, text: str) -> str:
    """The text with what was kept on the object under plain names, where those are free."""
    if not st.kept:
        return text
    used = {n.id for n in every(syntax_of(text), ast.Name)}
    used |= {n.arg for n in every(syntax_of(text), ast.arg)}
    for attr in sorted(st.kept):
        plain = attr.lstrip("_")
        text = without_alias(text, kept_name(attr), plain)
        if plain not in used and not keyword.iskeyword(plain) and not hasattr(builtins, plain):
            text = re.sub(rf"\b{kept_name(attr)}\b", plain, text)
    return text


def without_alias(text: str, kept: str, plain: str) -> str:
    """The text without `self_x = x`, where that is all that gives it a value, and `x` keeps its own."""
    alias = re.compile(rf"^ {{8}}{kept} = {plain}\n", re.MULTILINE)
    stores = [n.id for n in every(syntax_of(text), ast.Name) if not isinstance(n.ctx, ast.Load)]
    if plain in stores or not stores.count(kept) or stores.count(kept) != len(alias.findall(text)):
        return text
    return re.sub(rf"\b{kept}\b", plain, alias.sub("", text))


# ------------------------------------------------------------------------------------------------- when it is read
def check_unchanged(ctx: Context, survey: Facts, node: ast.FunctionDef, constructions: Iterable[ast.Call]) -> None:
    """Refuse attributes that may change between the construction of the model and the time when a graph was built.

    TensorFlow 1 ran a model_fn anew for each training, evaluation and prediction; a Keras model is made once, where
    the Estimator was.
    """
    frame = ctx.facts.frames[node][0]
    function = frame.function
    this = object_of(function) if function is not None else None
    if this is None:
        return
    classes = [c.node for c in lineage(this.cls)]
    inits = [m for c in classes for m in c.body if isinstance(m, ast.FunctionDef) and m.name == "__init__"]
    read = attribute_nodes([n for n in ctx.facts.frames if n not in inits], ast.Load)
    names = {n.attr for nodes in read.values() for n in nodes}
    made = {id(c) for c in constructions}
    related = with_subclasses(ctx, {c.name for c in classes})
    at = {id(init): constructing_line(init, classes, made) for init in inits}
    for module in every_module(ctx, names):
        for definition, nodes in attribute_stores(module, names).items():
            for store in nodes:
                if definition in inits:
                    lines = [line for line in at.values() if line]
                    if not lines or (len(lines) == 1 and at[id(definition)] > store.lineno):
                        continue
                elif of_another_class(module, store, related) or not may_be(survey, ctx.facts, store, classes):
                    continue
                elif definition is not None and definition in ctx.facts.frames:
                    if all(definition is reader for reader, nodes in read.items() if reads(nodes, store.attr)):
                        continue
                message = f"`{store.attr}` of the object is set where the model may exist already"
                raise ctx.refuse("object-state", store, module, message)


def attribute_nodes(definitions: Iterable[ast.AST], kind: type) -> dict[ast.AST, list[ast.Attribute]]:
    """Definition -> the attributes of `self`, or of the first parameter, that it loads or stores."""
    found: dict[ast.AST, list[ast.Attribute]] = {}
    for definition in definitions:
        first = definition.args.args[0].arg if isinstance(definition, ast.FunctionDef) and definition.args.args else ""
        for n in descendants(definition):
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, kind) and isinstance(n.value, ast.Name):
                if n.value.id in ("self", first):
                    found.setdefault(definition, []).append(n)
    return found


def reads(nodes: list[ast.Attribute], attr: str) -> bool:
    """True when one of the nodes is of that attribute."""
    return any(n.attr == attr for n in nodes)


def every_module(ctx: Context, names: set[str]) -> Iterator[Module]:
    """The files whose text may set one of the attributes."""
    for path, text in sorted(ctx.project.sources.items()):
        if any(f".{name}" in text for name in names):
            module = ctx.project.module(path)
            if module is not None:
                yield module


def attribute_stores(module: Module, names: set[str]) -> dict[ast.AST | None, list[ast.Attribute]]:
    """Innermost function -> the stores to one of the attributes in it; None: outside of functions."""
    found: dict[ast.AST | None, list[ast.Attribute]] = {}

    def visit(node: ast.AST, around: ast.AST | None) -> None:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and node.attr in names:
            found.setdefault(around, []).append(node)
        inside = node if isinstance(node, ast.FunctionDef) else around
        for child in children(node):
            visit(child, inside)

    visit(module.tree, None)
    return found


def constructing_line(init: ast.FunctionDef, classes: list[ast.ClassDef], made: set[int]) -> int:
    """The line of a constructor on which the Estimator is made, itself or by a method; 0 where none is."""
    methods = {
        m.name
        for c in classes
        for m in c.body
        if isinstance(m, ast.FunctionDef) and m is not init and any(id(n) in made for n in descendants(m))
    }
    lines = [n.lineno for n in every(init, ast.Call) if id(n) in made]
    lines += [n.lineno for n in every(init, ast.Attribute) if n.attr in methods]
    return min(lines, default=0)


def with_subclasses(ctx: Context, names: set[str]) -> set[str]:
    """Names of classes, and of all classes of the project that derive from one of such a name."""
    found: set[str] = set()
    while names - found:
        found |= names
        naming = [p for p, text in sorted(ctx.project.sources.items()) if any(f"{n}" in text for n in names)]
        for module in (ctx.project.module(path) for path in naming):
            for cls in (n for n in every(module.tree, ast.ClassDef)) if module is not None else ():
                above = [n for base in cls.bases for n in descendants(base)]
                if {getattr(n, "id", getattr(n, "attr", "")) for n in above} & names:
                    names = names | {cls.name}
    return found


def of_another_class(module: Module, store: ast.Attribute, related: set[str]) -> bool:
    """True for `self.x = ...` in a class that is none of these."""
    for cls in (n for n in every(module.tree, ast.ClassDef)):
        inside = any(store is n for m in cls.body if isinstance(m, ast.FunctionDef) for n in descendants(m))
        if inside and isinstance(store.value, ast.Name) and store.value.id == "self":
            return cls.name not in related
    return False


def may_be(survey: Facts, facts: Facts, store: ast.Attribute, classes: list[ast.ClassDef]) -> bool:
    """True when the object whose attribute is set may be of one of the classes."""
    value = survey.value(store.value) or facts.value(store.value)
    for option in options(value) if value is not None else (None,):
        if option is None or isinstance(option, Opaque):
            return True
        if isinstance(option, Instance) and any(c.node in classes for c in lineage(option.cls)):
            return True
    return False
