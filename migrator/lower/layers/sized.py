"""Sized layers and variables: what is as large as a tensor that only the call sees is made on the first call.

TensorFlow 1 knew the size of `units=x.shape[-1]` while it built the graph. A Keras layer is constructed before that:
the construction half keeps all that is known, and the call half brings the sizes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step, walk
from migrator.analysis.values import Function, Stage, options
from migrator.emit.fragments import call_text
from migrator.lower.layers import variables
from migrator.lower.library import normalizers, rule_arguments
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site

# Arguments that TensorFlow 1 needed as Python numbers: what the analysis takes for a tensor is one of those there.
NUMBERS = frozenset({"units", "filters", "kernel_size", "strides", "pool_size", "padding", "size", "cropping"})


def late_arguments(st: Body, site: Site) -> dict[str, ast.expr]:
    """Legacy name -> argument of a layer or variable that only the call knows and that can wait for it."""
    if site.late is None:
        site.late = dict(_late_arguments(st, site))
    return site.late


def _late_arguments(st: Body, site: Site) -> dict[str, ast.expr]:
    own = site.own
    if own.kind == "variable":
        parts = {"shape": variables.shape_argument(st, site), "dtype": variables.bound(st, site).get("dtype")}
        return {name: node for name, node in parts.items() if node is not None and known_late(st, node)}
    if own.kind != "layer" or own.rule is None or own.rule.permute or own.rule.template:
        return {}
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, own.rule, own.call)
    found: dict[str, ast.expr] = {}
    for argument in own.rule.args:
        node = bound.get(argument.source or "")
        if node is None or not known_late(st, node):
            continue
        if st.ctx.facts.stage(node) is Stage.SHAPE or argument.name in NUMBERS:
            found[argument.source or ""] = node
    return found


def known_late(st: Body, node: ast.expr) -> bool:
    """True for an expression whose value only the call knows."""
    if isinstance(node, ast.Constant) or node in st.overrides or st.training_text(node) is not None:
        return False
    return st.ctx.facts.stage(node) > Stage.STATIC


def waits(st: Body, site: Site) -> bool:
    """True for a site that is made on the first call: its size is not known before, or whether it is made at all."""
    if late_arguments(st, site):
        return True
    return site.own.kind == "variable" and site.late_branch


def on_the_spot(st: Body, site: Site) -> bool:
    """True for a layer without weights whose size only the call knows: it may be made anew on each call."""
    rule = site.own.rule
    return bool(late_arguments(st, site)) and rule is not None and not rule.weights and not rule.training


def check(st: Body, site: Site) -> None:
    """Refuse a waiting site whose other arguments cannot be told beforehand, or that a comprehension makes."""
    call = site.own.call
    if call in st.ctx.facts.repeats or normalizers.normalizer(st.ctx, st.module, call) is not None:
        message = "a layer that is as large as a tensor normalises its result, or is repeated"
        raise st.ctx.refuse("argument-stage", site.own.call, st.module, message)
    if site.condition is not None or site.comprehension is not None:
        message = "a layer that is as large as a tensor is made inside an expression"
        raise st.ctx.refuse("argument-stage", site.own.call, st.module, message)


def creation_text(st: Body, site: Site) -> str:
    """What the constructor makes: a holder that waits for its size."""
    check(st, site)
    own, ctx, module = site.own, st.ctx, st.module
    if own.kind == "variable":
        if variables.shape_argument(st, site) is None:
            raise ctx.refuse("variable-shape", own.call, module, "the variable's shape comes from its initial value")
        return ctx.use(module, call_text("support.SizedWeight", variables.options(st, site, late_arguments(st, site))))
    assert own.rule is not None
    ctx.lower_level(own.rule.level)
    made = rule_arguments.target(ctx, module, own.rule, own.call)
    known = [text if "=" in text else f"{name}={text}" for name, text, late in told(st, site) if not late]
    ctx.use(module, made)
    return ctx.use(module, call_text("support.SizedLayer", [made, *known]))


def sizes(st: Body, site: Site) -> list[str]:
    """The arguments that a call brings, as keywords."""
    if not late_arguments(st, site):
        return []
    return [text if text.startswith(f"{name}=") else f"{name}={text}" for name, text, late in told(st, site) if late]


def told(st: Body, site: Site) -> list[tuple[str, str, bool]]:
    """(name, text, late) of each argument of the Keras layer."""
    rule = site.own.rule
    assert rule is not None
    nodes = list(late_arguments(st, site).values())
    late = {argument.name for argument in rule.args if argument.source in late_arguments(st, site)}

    def render(node: ast.AST) -> str:
        return st.call_text(node) if node in nodes else st.static_text(node)

    found = rule_arguments.arguments(st.ctx, st.module, rule, site.own.call, render)
    return [(name, text, name in late) for name, text in found]


def use_text(st: Body, site: Site, held: str, inputs: list[str], training: list[str]) -> str:
    """A call of a waiting layer, or one made on the spot."""
    if on_the_spot(st, site):
        rule = site.own.rule
        assert rule is not None
        st.ctx.lower_level(rule.level)
        made = rule_arguments.target(st.ctx, st.module, rule, site.own.call)
        arguments = rule_arguments.arguments(st.ctx, st.module, rule, site.own.call, st.call_text)
        layer = st.ctx.use(st.module, call_text(made, [text for name, text in arguments if name != "name"]))
        return call_text(layer, inputs)
    return call_text(held, [*inputs, *training, *sizes(st, site)])


def variable_parts(st: Body, site: Site) -> list[ast.expr]:
    """What the call half reads for a variable: the shape of one that waits, and its type where that waits too."""
    return list(brought(st, site).values())


def brought(st: Body, site: Site) -> dict[str, ast.expr]:
    """The arguments that a call brings to a variable that waits."""
    node = variables.shape_argument(st, site) if waits(st, site) else None
    return {} if node is None else {"shape": node, **late_arguments(st, site)}


def variable_text(st: Body, site: Site, held: str) -> str:
    """A variable in the call half: one that waits is asked for by its shape."""
    arguments = brought(st, site)
    return call_text(held, [f"{name}={st.call_text(node)}" for name, node in arguments.items()]) if arguments else held


def call_parts(st: Body, site: Site) -> list[ast.expr]:
    """The arguments of a layer or variable that the call half reads."""
    late = late_arguments(st, site)
    if not on_the_spot(st, site):
        return list(late.values())
    rule = site.own.rule
    assert rule is not None
    bound = rule_arguments.bound_or_refuse(st.ctx, st.module, rule, site.own.call)
    sources = {a.source for a in rule.args if a.name != "name"}
    return [node for name, node in bound.items() if name in sources]


def may_be_made(st: Body, step: Step, needed: set[Step]) -> bool:
    """True for a branch that only the call decides, where what it makes may be constructed all the same.

    A Keras layer has no variables before it is called: one that is never called leaves no trace. Names that the
    construction half needs from inside the branch would take one branch's values for both.
    """
    inside = set(walk([b for block in step.blocks for b in block]))
    if any(s in needed and not st.has_site(s) and s.kind == "simple" for s in inside):
        return False
    return any(site.step in inside for site in st.sites.values()) or any(isinstance(s.node, ast.Return) for s in inside)


def late_branches(ctx: Context, steps: list[Step]) -> list[set[Step]]:
    """What stands in branches that only the call decides, one set for each `if`; all that follows its `return`."""
    found: list[set[Step]] = []
    for step in walk(steps):
        if isinstance(step.node, ast.If) and step.kind == "if" and ctx.facts.stage(step.node.test) > Stage.STATIC:
            inside = set(walk([b for block in step.blocks for b in block]))
            if any(isinstance(s.node, ast.Return) for s in inside):
                inside |= {s for s in walk(steps) if s.node.lineno > step.node.lineno}
            found.append(inside)
    return found


def called_late(ctx: Context, definition: ast.FunctionDef) -> bool:
    """True for a function that is called, through others too, where only the call decides whether it is."""
    known: set[ast.AST] | None = ctx.__dict__.get("_called_late")
    if known is None:
        known = ctx.__dict__["_called_late"] = set()
        waiting: list[ast.AST] = []
        for function in ctx.facts.frames:
            tests = list(every(function, ast.If))
            for test in (n for n in tests if ctx.facts.stage(n.test) > Stage.STATIC):
                waiting += [*test.body, *test.orelse]
                if any(every(test, ast.Return)):
                    waiting += [n for n in every(function, ast.stmt) if n.lineno > test.lineno]
        while waiting:
            called = called_inside(ctx, waiting.pop()) - known
            known |= called
            waiting += called
    return definition in known


def called_inside(ctx: Context, node: ast.AST) -> set[ast.AST]:
    """The project functions that the calls in a statement or function call."""
    calls = list(every(node, ast.Call))
    callees = [o for call in calls for v in ctx.facts.callees.get(call, ()) for o in options(v)]
    return {o.node for o in callees if isinstance(o, Function)}
