"""The weight map's creation tree: what a converted body creates, in the order the legacy graph created it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from migrator.analysis.values import Const, Result, Value, is_none, options
from migrator.lower.bodies import computed_names
from migrator.lower.layers import normalized, recurrent, sized
from migrator.lower.library import repeats
from migrator.lower.library.partials import written_out
from migrator.lower.reading.definitions import frames_of
from migrator.lower.reading.owner import owner_of
from migrator.lower.reading.python_calls import entry_object
from migrator.lower.reading.slices import leaves
from migrator.rulebook import bind
from migrator.source.syntax import first_argument

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

Node = dict[str, Any]


def creation_tree(st: Body, steps: list[Step], chosen: Callable[[Site], bool] = lambda _: True) -> list[Node]:
    """The nodes of a block, loops and scopes nested as in the source."""
    found: list[Node] = []
    for index, step in enumerate(steps):
        if index and step.kind != "training" and leaves([steps[index - 1]], errors=False):
            # behind a way out, what follows may not be made
            rest = creation_tree(st, steps[index:], chosen)
            return [*found, {"optional": rest}] if rest else found
        sites = [s for s in st.sites.values() if s.step is step and s.own.kind != "metric" and chosen(s)]
        # an owner inside a comprehension repeats like a loop
        for site in sites:
            node = site_node(st, site)
            if node is None:
                continue
            if site.comprehension is not None:
                node = {"loop": [node]}
            elif site.condition is not None:
                node = {"optional": [node]}
            found.append(node)
        if step.kind in ("for", "while"):
            found += loop_nodes(st, step, chosen)
            continue
        inner = [creation_tree(st, block, chosen) for block in step.blocks]
        flat = [n for block in inner for n in block]
        if not flat:
            continue
        match step.kind:
            case "with":
                found += scoped(st, step, flat)
            case "if":
                found += [{"optional": block} for block in inner if block]
            case _:
                found += flat
    return found


def loop_nodes(st: Body, step: Step, chosen: Callable[[Site], bool]) -> list[Node]:
    """The nodes of a loop: what its trips share, which the first of them makes, and what each makes for itself."""
    once = creation_tree(st, step.blocks[0], lambda site: step in site.lifted and chosen(site))
    each = creation_tree(st, step.blocks[0], lambda site: step not in site.lifted and chosen(site))
    return [*once, *([{"loop": each}] if each else []), *creation_tree(st, step.blocks[1], chosen)]


def scoped(st: Body, step: Step, inner: list[Node]) -> list[Node]:
    """The nodes inside the variable scopes that a `with` opens."""
    node = step.node
    assert isinstance(node, ast.With)
    for item in reversed(node.items):
        value = st.ctx.facts.value(item.context_expr)
        if isinstance(value, Result) and value.symbol == "tensorflow.variable_scope":
            name, default = value.bound.get("name_or_scope"), value.bound.get("default_name")
            again = st.ctx.facts.entered.get(value.call)
            if again is not None:
                # entered through its object: where that is the scope around, it has no name in it
                told = next(iter(again)) if len(again) == 1 else "*"
                inner = [{"with": told, "default": False, "creation": inner}] if told else inner
            elif isinstance(name, Const) and isinstance(name.value, str):
                inner = [{"with": name.value, "default": False, "creation": inner}]
            elif isinstance(default, Const) and isinstance(default.value, str):
                named = is_told(st, item.context_expr, name)  # then some calls name it, and others may not
                name_of = {"with": "*" if named else default.value, "default": not named}
                inner = [{**name_of, "creation": inner}]
            else:
                inner = [{**computed(st, item.context_expr, "name_or_scope"), "default": False, "creation": inner}]
    return inner


def is_told(st: Body, scope: ast.expr, name: Value | None) -> bool:
    """True when some call surely gives a scope a name of its own."""
    node = argument_of(scope, "name_or_scope")
    frames = frames_of(st.ctx, st.node) if isinstance(node, ast.Name) else []
    given = [frame.arguments[node.id] for frame in frames if isinstance(node, ast.Name) and node.id in frame.arguments]
    found = given or ([name] if name is not None else [])
    return any(is_none(option) is False for value in found for option in options(value))


def argument_of(call: ast.expr, argument: str) -> ast.expr | None:
    """The first argument of a call, or the one of this name."""
    return first_argument(call, argument) if isinstance(call, ast.Call) else None


def computed(st: Body, call: ast.expr, argument: str) -> Node:
    """The name of a scope that is computed: by the number of a trip, or as an expression for those who can tell it."""
    node = argument_of(call, argument)
    template = computed_names.by_trip(st, node)
    if template is not None:
        return {"with": template}
    text = computed_names.as_expression(st, node)
    return {"with": "*"} if text is None else {"with": "*", "expression": text}


def site_node(st: Body, site: Site) -> Node | None:
    """The node of one owning call; None for layers without weights. Entering again takes default names again."""
    own = site.own
    if site.shared is not None:
        again = None if site.other_mode or own.kind in ("layer_object", "variable") else own_node(st, site)
        return {"shared": site.attr} if again is None else {"shared": site.attr, **again}
    return own_node(st, site)


def own_node(st: Body, site: Site) -> Node | None:
    """The node of a call that makes something, or of one that enters again what another made."""
    own = site.own
    match own.kind:
        case "layer":
            assert own.rule is not None
            if not own.rule.weights:
                return None
            held = "layer." if sized.waits(st, site) else ""
            inside = {variable: f"{held}{path}" for variable, path in own.rule.weights.items()}
            inside = repeats.weights(st, site, normalized.weights(st, site, inside))
            node: Node = {"attr": site.attr, "weights": inside, "permute": own.rule.permute}
            return {**node, **scope_of(st, own.call, own.rule.name_arg or "name", own.rule.scope or "layer")}
        case "layer_object":
            assert own.rule is not None
            assert own.holder is not None
            attr = site.attr or held_in(st, site, own.holder)
            node = {"attr": attr, "weights": dict(own.rule.weights), "permute": own.rule.permute}
            made = own.made.call if own.made is not None else own.call
            return {**node, **scope_of(st, made, "name", own.rule.scope or "layer")}
        case "variable":
            name = given_name(st, own.call, "name", 0) or computed_names.by_trip(st, named(own.call, "name", 0))
            node = {"attr": site.attr, "variable": name or "*"}
            return {**node, "held": "weight"} if sized.waits(st, site) else node
        case "rnn":
            return recurrent.node_of(st, site)
        case "function" | "entry" | "object":
            if own.kind == "object":
                return None

            owner = owner_of(st.ctx, st, own)
            if own.kind == "function":
                attr = site.attr
            else:
                target = entry_object(st.ctx, own.call)
                inner = st.sites.get(target) if isinstance(target, ast.Call) else None
                attr = inner.attr if inner is not None else held_in(st, site, target)
            node = {"attr": attr, "scope": None, "class": owner.class_name, "creation": owner.creation}
            others = [owner_of(st.ctx, st, other) for other in own.alternatives]
            if others:
                node["otherwise"] = [{"class": o.class_name, "creation": o.creation} for o in others]
            return node
    return None


def held_in(st: Body, site: Site, node: ast.expr) -> str:
    """The attribute that holds an object which is called: for one of a list, the list's."""
    loop = site.loops[-1].node if site.loops else None
    if isinstance(loop, ast.For) and isinstance(node, ast.Name):
        node = iterated(loop.target, loop.iter, node.id) or node
    if isinstance(node, ast.Subscript):
        index = f".{ast.unparse(node.slice)}" if isinstance(node.slice, ast.Constant) else ""
        return st.call_text(node.value).removeprefix("self.") + index
    return st.call_text(node).removeprefix("self.")


def iterated(target: ast.expr, source: ast.expr, name: str) -> ast.expr | None:
    """The list whose elements a name of a loop stands for; the loop may count them, or go through several lists."""
    if isinstance(target, ast.Name):
        return source if target.id == name else None
    called = source.func.id if isinstance(source, ast.Call) and isinstance(source.func, ast.Name) else ""
    if isinstance(target, ast.Tuple) and isinstance(source, ast.Call) and called in ("enumerate", "zip"):
        sources = source.args if called == "zip" else [source, *source.args]
        for inner, list_of in zip(target.elts, sources, strict=False):
            found = iterated(inner, list_of, name)
            if found is not None:
                return found
    return None


def scope_of(st: Body, call: ast.Call, argument: str, default: str) -> Node:
    """The legacy scope of a layer: the user's name, a numbered default, or the Keras layer's own name (null).

    A default in stars is a pattern: such a layer's name follows no variable scope, so a name of the user's is one too.
    """
    if default == "*":
        return {"scope": default, "default": True}  # a model of layers that have names of their own
    free = default.startswith("*")
    written = written_out(st.ctx, st.module, call)
    node = next((k.value for k in written.keywords if k.arg == argument), None)
    if node is None:
        rule = None
        for value in st.ctx.facts.callees.get(call, []):
            rule = rule or st.ctx.rules.find(getattr(value, "name", ""))
        if rule is not None and rule.signature:
            bound = bind(rule, call)
            node = bound.get(argument) if isinstance(bound, dict) else None
    given = st.ctx.facts.value(node) if node is not None else None
    if node is None or isinstance(given, Const) and given.value is None:
        return {"scope": default, "default": True}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {"scope": f"*{node.value}*" if free else node.value, "default": False}
    template = computed_names.by_trip(st, node)
    if template is not None and "/" in template:
        return {"scope": template, "default": False}  # which is no name for a Keras layer
    return {"scope": "*" if free else None, "default": False}


def given_name(st: Body, call: ast.Call, argument: str, position: int) -> str | None:
    """A literal name argument."""
    node = named(call, argument, position)
    value = st.ctx.facts.value(node) if node is not None else None
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def named(call: ast.Call, argument: str, position: int) -> ast.expr | None:
    """An argument by name or by place."""
    node = next((k.value for k in call.keywords if k.arg == argument), None)
    return node or (call.args[position] if len(call.args) > position else None)
