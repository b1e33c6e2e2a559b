"""Classes of the program whose methods own variables become Keras layers."""

from __future__ import annotations

import ast
import re
from typing import Any

from migrator.analysis.lookup import keras_base, plain_base
from migrator.analysis.values import ClassRef, Function
from migrator.lower.bodies import guards, rendering, weights
from migrator.lower.bodies.staging import Staging
from migrator.lower.layers import getters, keras_classes
from migrator.lower.models.owners import builds, check_late, check_live, construction, kept_effect, returned
from migrator.lower.reading.class_lines import def_line, docstring, documentation, parameter_order, signature
from migrator.lower.reading.context import Context
from migrator.lower.reading.definitions import numbers_by_mode, parameter_roles
from migrator.lower.reading.owner import Owner
from migrator.lower.reading.owning import methods_entered, owns
from migrator.lower.reading.unbound import bound_by
from migrator.source.syntax import every


def class_owner(ctx: Context, cls: ast.ClassDef, entry: ast.FunctionDef, function: Function) -> Owner:
    """A class used through one owning method becomes a layer: its __init__ also creates, the method becomes `call`."""
    module = function.scope.module
    roles = parameter_roles(ctx, module, entry)
    self_name = entry.args.args[0].arg
    ref = function.owner
    if ref is None:
        raise ctx.refuse("class", cls, module, "the class of the network cannot be followed")
    guards.check_entry(ctx, module, entry)
    others_too = [m for m in methods_entered(ctx, ref) if m is not entry and m.name != entry.name]
    if others_too:
        message = (
            f"`{cls.name}` makes layers in `{entry.name}` and in `{others_too[0].name}`: a Keras layer has one call"
        )
        raise ctx.refuse("object-state", entry, module, message)
    if keras_base(ref):
        keras_classes.check(ctx, module, ref)
    elif not all(plain_base(b) or hidden_base(ctx, ref, entry, b) for b in ref.bases):
        raise ctx.refuse("class-base", cls, module, f"`{cls.name}` derives from a class that also builds the network")
    late = frozenset(p for p in roles if roles[p] == "static" and p != self_name) | numbers_by_mode(ctx, entry)
    roles = {p: "call" if p in late else r for p, r in roles.items()}
    others = {k: v for k, v in roles.items() if k != self_name}
    st = Staging(ctx, module, entry, others, self_name, keep_self=True, late=late)
    tensors = [p for p in parameter_order(entry) if roles[p] == "call" and p != self_name]
    init = next((n for n in cls.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    init_roles = parameter_roles(ctx, module, init) if init is not None else {}
    owner = Owner(entry, cls, module, cls.name, roles, [], tensors, [], [])
    owner.init_parameters = [p for p in init_roles if init_roles[p] == "static"][1:] if init is not None else []
    needed, live = st.slice_call(set(), lambda s: s.kind == "return" or kept_effect(st, s) or builds(st, s))
    check_live(ctx, st, live - bound_by(st, needed), set(tensors) | {self_name})
    call_lines = rendering.call_block(st, st.steps, needed, "        ", lambda s: returned(st, s))
    if not rendering.compact(call_lines):
        message = f"`{entry.name}` returns nothing: it keeps tensors on its object"
        raise ctx.refuse("object-state", entry, module, message)
    init_lines, start = construction(st, needed)
    check_late(st, start)
    owner.training, owner.flags = st.uses_training, frozenset(st.training_parameters)
    owner.creation = weights.creation_tree(st, st.steps)
    owner.text = class_text(ctx, st, owner, init, init_roles, init_lines, call_lines)
    if not keras_base(ref):
        owner.text = keras_classes.with_free_names(ctx, module, cls, owner.text)
    return owner


def hidden_base(ctx: Context, ref: ClassRef, entry: ast.FunctionDef, base: Any) -> bool:
    """True for `tf.layers.Layer` of which a class uses nothing: `__init__` and `__call__` are its own."""
    init = next((n for n in ref.node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"), None)
    if getattr(base, "name", "") != "tensorflow.layers.Layer" or init is None or entry.name != "__call__":
        return False
    asked = [n for n in every(ref.node, ast.Name) if n.id == "super"]
    begun = [n for s in init.body if is_super_init(s) for n in every(s, ast.Name) if n.id == "super"]
    return asked == begun and not any(keras_classes.inherited_reads(ctx, ref, frozenset()))


def class_text(
    ctx: Context,
    st: Staging,
    owner: Owner,
    init: ast.FunctionDef | None,
    init_roles: dict[str, str],
    init_lines: list[str],
    call_lines: list[str],
) -> str:
    """The source of a class that became a layer: other methods stay, owning ones have become layers of their own."""
    cls, module = owner.cls, owner.module
    assert cls is not None
    function = st.ctx.facts.frames[owner.node][0].function
    derived = keras_base(function.owner) if function is not None and function.owner is not None else ""
    base = derived or "keras.layers.Layer"
    ctx.use(module, base)
    lines = [f"class {cls.name}({base}):"]
    doc = documentation(cls)
    if doc is not None:
        lines += [*docstring(st, doc, "    "), ""]
    gone = getters.scope_methods(ctx, module, cls)
    for member in cls.body:
        if member is doc or member in gone:
            continue
        if isinstance(member, ast.FunctionDef):
            if member is init:
                lines += init_method(ctx, st, owner, init, init_roles, init_lines)
            elif member is owner.node:
                if init is None:
                    lines += ["    def __init__(self, **kwargs):", "        super().__init__(**kwargs)"]
                    lines += [*rendering.compact(init_lines), ""]
                lines += entry_method(ctx, st, owner, call_lines)
            elif not owns(ctx, member):
                lines += [*plain_method(ctx, st, member), ""]
            continue
        lines += [*rendering.statement(st, member, "    ", st.library_rewriter()), ""]
    text = "\n".join(rendering.compact(lines))
    for attr in sorted(told_later(ctx, init) if init is not None else ()):
        if re.search(rf"\bself\.{attr}\b", text) and not re.search(rf"\bself\.{attr} *=(?!=)", text):
            message = f"`self.{attr}` is not known when the layers are made"
            raise ctx.refuse("object-state", owner.node, module, message)
    return text


def init_method(
    ctx: Context, st: Staging, owner: Owner, init: ast.FunctionDef, roles: dict[str, str], creation: list[str]
) -> list[str]:
    """The constructor: the user's, without what belongs to one mode, then the creation of the layers."""
    inner = Staging(ctx, st.module, init, dict(roles.items()), init.args.args[0].arg, keep_self=True)
    if inner.sites:
        raise ctx.refuse(
            "owning-init", init, st.module, f"`{owner.class_name}.__init__` builds the network from tensors"
        )
    names = [p for p in parameter_order(init)[1:] if roles[p] == "static"]
    lines = def_line("__init__", ["self", *signature(init, st.module, names, inner), "**kwargs"])
    doc = documentation(init)
    if doc is not None:
        lines += docstring(st, doc, "        ")
    lines.append("        super().__init__(**kwargs)")
    body: list[str] = []
    for step in inner.steps:
        if step.node is doc or is_super_init(step.node) or isinstance(step.node, ast.Pass):
            continue
        if later_only(ctx, step.node):
            continue
        body += rendering.lead(inner, step, "        ")
        body += rendering.statement(inner, step.node, "        ", inner.static_rewrite)
    return [*lines, *rendering.compact(body), *rendering.compact(creation), ""]


def is_super_init(node: ast.stmt) -> bool:
    """True for `super().__init__(...)` in any spelling."""
    return isinstance(node, ast.Expr) and "super(" in ast.unparse(node) and "__init__" in ast.unparse(node)


def told_later(ctx: Context, init: ast.FunctionDef) -> set[str]:
    """The attributes that a constructor's layer does not keep, because only a call knows them."""
    stores = [t for n in every(init, ast.Assign) if later_only(ctx, n) for t in n.targets]
    return {n.attr for t in stores for n in every(t, ast.Attribute)}


def later_only(ctx: Context, node: ast.stmt) -> bool:
    """True for an assignment of something that depends on the mode or on a tensor: it is no state of a layer."""
    if isinstance(node, ast.Assign):
        return ctx.facts.mode_dependent(node.value) or ctx.facts.stage(node.value) > 0
    return False


def entry_method(ctx: Context, st: Staging, owner: Owner, call_lines: list[str]) -> list[str]:
    """The method through which the object was used, as `call`."""
    arguments = ["self", *signature(owner.node, st.module, owner.call_parameters, st)]
    takes_nothing = len(arguments) == 1  # Keras calls no layer whose `call` has no argument
    lines = def_line("call", arguments + (["training=None"] if owner.training or takes_nothing else []))
    doc = documentation(owner.node)
    if doc is not None:
        lines += docstring(st, doc, "        ")
    return [*lines, *rendering.compact(call_lines), ""]


def plain_method(ctx: Context, st: Staging, method: ast.FunctionDef) -> list[str]:
    """A method that owns nothing: as it was, with library names brought up to date."""
    return rendering.statement(st, method, "    ", st.library_rewriter())
