"""What an object keeps that depends on the mode: a layer is made once for all modes, so `call` computes it anew."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.lookup import class_member
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Function, Instance, depends_on_mode, options
from migrator.emit.fragments import Renderer
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.analysis.facts import Facts
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def set_text(st: Body, node: ast.AST) -> str | None:
    """`config.rate if training else 0.0` for an attribute that a branch on the mode sets to a constant.

    The branch itself goes: the object stays as it was made, and what the mode changes stands where it is read.
    """
    if not is_set_by_mode(st.ctx.facts, node):
        return None
    assert isinstance(node, ast.Attribute)
    plain = f"{st.call_text(node.value)}.{node.attr}"
    texts: dict[bool, set[str]] = {True: set(), False: set()}  # trains -> what it is then
    for mode, value in st.ctx.facts.values[node].items():
        marked = depends_on_mode(value)
        if marked and not (isinstance(value, Const) and is_plain([value.value])):
            texts[mode == "train"] |= {"", plain}
        elif mode in st.modes:
            texts[mode == "train"].add(repr(value.value) if marked and isinstance(value, Const) else plain)
    if any(len(found) > 1 for found in texts.values()):
        message = f"`{node.attr}` differs between modes, in a way that the layer cannot compute when it is called"
        raise st.ctx.refuse("mode-value", node, st.module, message)
    st.ctx.told_by_mode.add(node)
    found = texts[True] | texts[False]
    if len(found) == 1:
        return found.pop()
    st.uses_training = st.training_by_mode = True
    return f"{texts[True].pop()} if training else {texts[False].pop()}"


def is_set_by_mode(facts: Facts, node: ast.AST) -> bool:
    """True for the reading of an attribute that a branch on the mode may have set."""
    if not facts.set_by_mode or not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return False
    if node.attr not in facts.set_by_mode.values() or not facts.mode_dependent(node):
        return False
    value = facts.value(node.value)
    return value is not None and any(isinstance(o, Instance) for o in options(value))


def check_told(ctx: Context, module: Module) -> None:
    """Refuse what a branch on the mode sets, where it is read in code that cannot be told the mode."""
    for node in list(ctx.facts.values) if active("told-by-mode") else []:
        hidden = bool(ctx.facts.set_by_mode) and hides_reading(ctx.facts, node)
        if hidden or (is_set_by_mode(ctx.facts, node) and node not in ctx.told_by_mode):
            message = "an attribute that differs between modes is read where the mode is not told"
            raise ctx.refuse("mode-value", node, module, message)


def hides_reading(facts: Facts, node: ast.AST) -> bool:
    """True for `obj.__dict__`, and for `getattr` of an object, where a branch on the mode sets some attribute."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        holder: ast.expr = node.value
    elif isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        holder = node.args[0]
    else:
        return False
    value = facts.value(holder)
    held = [o for o in (options(value) if value is not None else ()) if isinstance(o, Instance)]
    return any(depends_on_mode(v) for o in held for v in o.attrs.values())


PLAIN = (bool, int, float, str, type(None))


def text_of(st: Body, node: ast.AST) -> str | None:
    """`self.x` of a class that became a layer, where its constructor gave it another value in each mode."""
    if not st.keep_self or not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    if not isinstance(node.value, ast.Name) or node.value.id != st.self_name or not st.ctx.facts.mode_dependent(node):
        return None
    by_mode = st.ctx.facts.values.get(node, {})
    given = {mode: value.value for mode, value in by_mode.items() if isinstance(value, Const)}
    others = {repr(given.get(mode)) for mode in by_mode if mode != "train"}
    if len(given) == len(by_mode) and len(others) == 1 and "train" in given and is_plain(list(given.values())):
        st.uses_training = st.training_by_mode = True
        return f"{given['train']!r} if training else {others.pop()}"
    text = computed_anew(st, node)
    if text is None:
        message = f"`self.{node.attr}` differs between modes, in a way that the layer cannot compute when it is called"
        raise st.ctx.refuse("mode-value", node, st.module, message)
    return text


def is_plain(values: list[object]) -> bool:
    """True for values that can be written as literals."""
    return all(isinstance(value, PLAIN) for value in values)


def computed_anew(st: Body, node: ast.Attribute) -> str | None:
    """The expression that the constructor gave the attribute, of what the object keeps; None for another form."""
    made = {o.cls.node: o for o in options(st.ctx.facts.value(node.value) or Const(None)) if isinstance(o, Instance)}
    init = class_member(next(iter(made.values())).cls, "__init__") if len(made) == 1 else None
    if not isinstance(init, Function) or not isinstance(init.node, ast.FunctionDef):
        return None
    stores = [s for s in every(init.node, ast.Attribute) if s.attr == node.attr]
    stores = [s for s in stores if not isinstance(s.ctx, ast.Load)]
    plain = [s for s in init.node.body if isinstance(s, ast.Assign) and len(s.targets) == 1]
    value = next((s.value for s in plain if s.targets[0] in stores), None)
    if value is None or len(stores) != 1:
        return None
    kept = {
        s.value.id: f"self.{s.targets[0].attr}"
        for s in plain
        if isinstance(s.value, ast.Name)
        and isinstance(s.targets[0], ast.Attribute)
        and of_object(s.targets[0], init.node)
    }
    bound = {a.arg for a in (*init.node.args.args, *init.node.args.kwonlyargs)}
    bound |= {n.id for n in every(init.node, ast.Name) if isinstance(n.ctx, ast.Store)}

    class Unknown(Exception):
        """A name that only the constructor knows."""

    def rewrite(inner: ast.AST) -> str | None:
        text = st.training_text(inner)
        if text is not None:
            return text
        if isinstance(inner, ast.Name) and inner.id in bound and inner.id != init_self:
            if inner.id not in kept or st.ctx.facts.mode_dependent(inner):
                raise Unknown
            return kept[inner.id]
        if isinstance(inner, ast.Attribute) and st.ctx.facts.mode_dependent(inner):
            raise Unknown
        return st.library_rewrite(inner, lambda part: renderer.expression(part))

    init_self = init.node.args.args[0].arg
    if init_self != "self" or st.self_name != "self":
        return None
    renderer = Renderer(init.scope.module, rewrite)
    try:
        return renderer.expression(value)
    except Unknown:
        return None


def of_object(target: ast.Attribute, init: ast.FunctionDef) -> bool:
    """True for an attribute of the object itself."""
    return isinstance(target.value, ast.Name) and target.value.id == init.args.args[0].arg
