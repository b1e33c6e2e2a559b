"""Functions and classes that own variables become Keras layers: one class per definition."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from collections.abc import Callable
from typing import Any

from migrator.analysis.facts import MODES
from migrator.analysis.lookup import class_member, keras_base
from migrator.analysis.modes import Step
from migrator.analysis.values import ClassRef, Function, Scope, options
from migrator.emit.fragments import call_text, standalone
from migrator.lower import built_objects, continued, getters, guards, keras_classes, objects, rendering, reuse, weights
from migrator.lower.context import Context, class_name, top_level_names
from migrator.lower.owned_calls import default_nodes
from migrator.lower.owning import (
    Own,
    class_entry,
    class_of,
    methods_entered,
    numbers_by_mode,
    owns,
    parameter_roles,
    role,
)
from migrator.lower.slices import definitions, kept_name, slice_steps
from migrator.lower.staging import Staging
from migrator.source.module import Module
from migrator.source.syntax import descendants


@dataclasses.dataclass(eq=False)
class Owner:
    """A definition that became a layer class."""

    node: ast.FunctionDef
    cls: ast.ClassDef | None
    module: Module
    class_name: str
    roles: dict[str, str]
    init_parameters: list[str]
    call_parameters: list[str]
    captured: list[str]  # static names of enclosing functions, and self attributes as "self.x"
    tensors: list[str]  # tensors of enclosing functions
    staging: Staging | None = None  # of the function that it was
    names_told: bool = False  # its text has `legacy_names`
    parameter_names: dict[str, str] = dataclasses.field(default_factory=dict)  # "self.x" -> constructor parameter
    outer_defaults: dict[str, ast.expr] = dataclasses.field(default_factory=dict)  # read from the function around
    training: bool = False
    flags: frozenset[str] = frozenset()  # parameters that stand for `training`
    text: str = ""
    creation: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    compose: Callable[[], str] | None = None  # writes the class anew, after its `call` got another parameter

    def name_in(self, ctx: Context, module: Module) -> str:
        """The class's name as code in `module` writes it; an import is planned where it lives elsewhere."""
        if module.path != self.module.path:
            ctx.imports.setdefault(module.path, set()).add(f"{self.module.path}:{self.class_name}")
        return self.class_name


def owner_of(ctx: Context, st: Staging | None, own: Own) -> Owner:
    """The converted form of what an owning call calls, made when first asked for."""
    definition = own.definition
    assert definition is not None
    for other in own.alternatives:
        interchangeable(ctx, owner_of(ctx, st, dataclasses.replace(own, alternatives=[])), owner_of(ctx, st, other))
    found = ctx.owners.get(definition)
    if isinstance(found, Owner):
        return found
    if found is not None:
        assert own.function is not None
        raise ctx.refuse("recursion", definition, own.function.scope.module, "a function builds layers through itself")
    from migrator.lower import metric_classes

    ctx.owners[definition] = "in progress"
    function = own.function or entry_function(ctx, definition)
    if own.kind in ("entry", "object") and own.cls is not None:
        owner = class_owner(ctx, own.cls, definition, function)
    elif own.kind == "metric":
        owner = metric_classes.metric_owner(ctx, own)
    else:
        owner = function_owner(ctx, definition, function, own.cls)
    ctx.owners[definition] = owner
    return owner


def interchangeable(ctx: Context, a: Owner, b: Owner) -> None:
    """Refuse functions of which one or the other is called, when they became layers of different shape."""
    if a.training != b.training:
        # one of them ignores whether it trains: it takes the argument all the same
        ignoring = b if a.training else a
        if ignoring.compose is not None:
            ignoring.training = True
            ignoring.text = ignoring.compose()
    if (a.init_parameters, a.call_parameters, a.tensors, a.training) != (
        b.init_parameters,
        b.call_parameters,
        b.tensors,
        b.training,
    ):
        raise ctx.refuse(
            "function-choice",
            b.node,
            b.module,
            f"`{a.node.name}` and `{b.node.name}` are used alike but build differently",
        )


def entry_function(ctx: Context, definition: ast.FunctionDef) -> Function:
    """The function value of an entry method, from one of its activations."""
    for frame in ctx.facts.frames.get(definition, []):
        if frame.function is not None:
            return frame.function
    raise AssertionError("an entry that was never evaluated")


def enclosing_names(function: Function) -> set[str]:
    """Names bound in the functions around a definition."""
    names: set[str] = set()
    scope: Scope | None = function.scope
    while scope is not None and scope.parent is not None:
        names |= scope.names.keys()
        scope = scope.parent
    return names


def free_names(node: ast.FunctionDef, function: Function) -> set[str]:
    """Enclosing names that a nested definition reads."""
    read = {n.id for n in descendants(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    from migrator.lower.staging import local_names

    return (read & enclosing_names(function)) - local_names(node)


def function_owner(ctx: Context, node: ast.FunctionDef, function: Function, cls: ast.ClassDef | None = None) -> Owner:
    """A layer class for a function, method or nested function; `cls` for the constructor of a class.

    What calling a constructor's layer gives is a dictionary of what the object held and others read.
    """
    module = function.scope.module
    held = built_objects.held_by_all(ctx, module, cls, function) if cls is not None else []
    roles = parameter_roles(ctx, module, node)
    late = reuse.late_parameters(ctx, node, roles) | numbers_by_mode(ctx, node)
    roles = {p: "call" if p in late else r for p, r in roles.items()}
    self_name = objects.object_name(node, function)
    free = free_names(node, function) - {self_name}
    others = {k: v for k, v in roles.items() if k != self_name}
    whole = continued.constructor(ctx, node) if cls is not None else node
    st = Staging(ctx, module, whole, others, self_name, free=frozenset(free), late=late)
    wanted = class_name(node.name)
    known = cls.name if cls is not None else ctx.shared.names.get(node)
    name = ctx.shared.names[node] = known or ctx.top_level_name(module, wanted, f"{wanted}Layer")
    static = [p for p in parameter_order(node) if roles[p] == "static" and p != self_name]
    tensors = [p for p in parameter_order(node) if roles[p] == "call" and p != self_name]
    owner = Owner(node, cls, module, name, roles, static, tensors, [], [])
    free_roles = {n: role([v for v in [scope_value(function, n)] if v is not None]) for n in sorted(free)}
    needed, live = st.slice_call(
        {kept_name(attr) for attr in held}, lambda s: s.kind == "return" or kept_effect(st, s) or builds(st, s)
    )
    needed, live = only_updates(ctx, st) or (needed, live)
    owner.tensors = [n for n in sorted(live & free) if free_roles[n] == "call"]
    owner.tensors += sorted(n for n in live if n.startswith("self.") and cls is None)
    call_lines = owner_call_lines(ctx, st, needed)
    if cls is not None:
        call_lines = [*rendering.compact(call_lines), *built_objects.returned_lines(st, held)]
    init_lines, start = construction(st, needed)
    objects.check_start(st, start | live)
    check_late(st, start)
    missing = sorted((start | set(st.captured)) & free | set(st.needed_parameters) | self_attributes(st))
    owner.parameter_names = {n: st.parameter(n) for n in (*missing, *owner.tensors) if n.startswith("self.")}
    owner.captured = [
        n for n in missing if free_roles.get(n, "static") == "static" and not is_nested_owner(ctx, function, n)
    ]
    owner.training, owner.flags = st.uses_training, frozenset(st.training_parameters)
    owner.outer_defaults = enclosing_defaults(st)
    owner.creation = weights.creation_tree(st, st.steps)
    if cls is not None and (self_attributes(st) or st.needed_parameters):
        missed = sorted(self_attributes(st) | st.needed_parameters)[0]
        message = f"`{missed}` is read in the constructor, but set elsewhere"
        raise ctx.refuse("object-state", node, module, message)
    if called_by_name(ctx, node):
        body = "\n".join(init_lines)
        owner.init_parameters = [p for p in static if p in st.captured or mentions(body, p)]
    about = documentation(cls) if cls is not None else documentation(node)
    owner.staging = st
    owner.compose = functools.partial(written_class, ctx, st, owner, init_lines, call_lines, about)
    owner.text = owner.compose()
    check_live(ctx, st, live, set(owner.call_parameters) | set(owner.tensors) | set(static))
    return owner


def only_updates(ctx: Context, st: Staging) -> tuple[set[Step], set[str]] | None:
    """Of a function that only makes metrics, the steps that update them and what those read; None for any other."""
    from migrator.lower.metrics import update_loads
    from migrator.lower.model import has_metric_site, makes_only_metrics

    if not makes_only_metrics(ctx, st.node):
        return None
    return slice_steps(st.steps, set(), update_loads(st), lambda step: has_metric_site(st, step))


def called_by_name(ctx: Context, node: ast.FunctionDef) -> bool:
    """True when every call names the function itself: its parameters can change."""
    for frame in ctx.facts.frames.get(node, []):
        func = frame.call.func if frame.call is not None else None
        named = (isinstance(func, ast.Name) and func.id == node.name) or (
            isinstance(func, ast.Attribute) and func.attr == node.name
        )
        if not named:
            return False
    return True


def mentions(text: str, name: str) -> bool:
    """True when source text reads a name."""
    import re

    return re.search(rf"(?<![\w.]){re.escape(name)}\b(?!\s*=[^=])", text) is not None


def owner_call_lines(ctx: Context, st: Staging, needed: set[Step]) -> list[str]:
    """The call half of a function; of one that only makes metrics, their updates."""
    from migrator.lower import metrics
    from migrator.lower.model import makes_only_metrics

    if makes_only_metrics(ctx, st.node):
        return metrics.metric_block(ctx, st, st.steps, needed)
    return rendering.call_block(st, st.steps, needed, "        ", lambda s: returned(st, s))


def is_nested_owner(ctx: Context, function: Function, name: str) -> bool:
    """True for an enclosing name that is itself a converted function: its class stands at the top level."""
    value = scope_value(function, name)
    return isinstance(value, Function) and owns(ctx, value.node)


def self_attributes(st: Staging) -> set[str]:
    """The self attributes that the halves read."""
    return {n for n in st.captured if n.startswith("self.")}


def scope_value(function: Function, name: str) -> Any:
    """The value of an enclosing name."""
    scope: Scope | None = function.scope
    while scope is not None:
        if name in scope.names:
            return scope.names[name]
        scope = scope.parent
    return None


def check_live(ctx: Context, st: Staging, live: set[str], known: set[str]) -> None:
    """Refuse when the call half reads a local name that nothing provides, or when `training` would mean two things."""
    if len(st.training_parameters) + (st.training_by_mode and bool(st.training_parameters)) > 1:
        message = f"`{st.node.name}` is told in two ways whether it trains"
        raise ctx.refuse("two-trainings", st.node, st.module, message)
    left = live - known
    if any(st.roles.get(n) == "mode" for n in left):
        message = f"`{sorted(left)[0]}` of `{st.node.name}` does not simply tell training apart in all calls"
        raise ctx.refuse("mode-value", st.node, st.module, message)
    if left:
        raise ctx.refuse(
            "unbound",
            st.node,
            st.module,
            f"`{sorted(left)[0]}` is read where the model is called but not defined there",
        )


def kept_effect(st: Staging, step: Step) -> bool:
    """True for a bare call or assert in the call half that must stay; logging and summaries go, with a finding."""
    node = step.node
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value not in st.sites:
        from migrator.lower import effects

        return effects.keeps(st, node.value)
    return False


def builds(st: Staging, step: Step) -> bool:
    """True for a step that calls a layer with weights: they exist from its first call on, whoever reads its result."""
    for site in st.sites.values():
        if site.step is not step or site.shared is not None:
            continue
        weighs = site.own.kind == "layer" and site.own.rule is not None and bool(site.own.rule.weights)
        if weighs or site.own.kind in ("function", "entry", "rnn"):
            return True
    return False


def returned(st: Staging, step: Step) -> list[str]:
    """A return statement of the call half."""
    assert isinstance(step.node, (ast.Return, ast.Raise))
    return rendering.statement(st, step.node, "", st.call_rewrite)


def construction(st: Staging, call_needed: set[Step]) -> tuple[list[str], set[str]]:
    """The lines of the construction half and the names it reads from outside."""
    before = -1
    needed: set[Step] = set()
    live: set[str] = set()
    st.read_at_construction = set()
    while before != len(st.captured):
        # creating may capture nothing more, but rendering the call half after it may: settle both
        before = len(st.captured)
        shown = set(st.shown)
        needed, live = st.slice_static({n for n in st.captured if not n.startswith("self.")})
        st.read_at_construction = static_reads(st, needed)
        rendering.static_block(st, st.steps, needed, "        ", 0, call_needed)
        st.shown.clear()
        st.shown.update(shown)
    guards.check_mutations(st, needed)
    lines = rendering.static_block(st, st.steps, needed, "        ", 0, call_needed)
    return lines, live


def static_reads(st: Staging, needed: set[Step]) -> set[str]:
    """Local names read by the statements of the construction half."""
    from migrator.analysis.modes import header

    found: set[str] = set()
    for step in needed:
        for expression in header(step):
            found |= st.loads_construction(expression)
    return found


def parameter_order(node: ast.FunctionDef) -> list[str]:
    """Parameters in signature order."""
    return [p.arg for p in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def documentation(node: ast.FunctionDef | ast.ClassDef) -> ast.Expr | None:
    """The docstring statement of a definition."""
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return first
    return None


def enclosing_defaults(st: Staging) -> dict[str, ast.expr]:
    """Parameter -> default that reads values of the function around the definition."""
    free = st.free | {st.self_name}
    found = default_nodes(st.node)
    return {p: d for p, d in found.items() if any(isinstance(n, ast.Name) and n.id in free for n in descendants(d))}


def signature(node: ast.FunctionDef, module: Module, names: list[str], st: Staging, own: bool = False) -> list[str]:
    """Parameters with their defaults, as in the legacy definition; `own`: of a constructor that only the tool calls."""
    defaults = default_nodes(node)
    found: list[str] = []
    optional = False
    for name in names:
        if name in defaults and own and name in enclosing_defaults(st):
            found.append(name)  # whoever makes the layer passes it
        elif name in defaults:
            optional = True
            if name in enclosing_defaults(st):
                message = f"the default of `{name}` is a value of the enclosing function"
                raise st.ctx.refuse("default", defaults[name], module, message)
            text = st.library_rewrite(defaults[name], st.call_text) or module.segment(defaults[name])
            found.append(f"{name}={text}")
        else:
            found.append(f"{name}=None" if optional else name)
    return found


def written_class(
    ctx: Context, st: Staging, owner: Owner, init_lines: list[str], call_lines: list[str], doc: ast.Expr | None
) -> str:
    """The source of a layer class, names kept on the object made plain where they can be."""
    return objects.plain_names(st, layer_class(ctx, st, owner, init_lines, call_lines, doc))


def layer_class(
    ctx: Context, st: Staging, owner: Owner, init_lines: list[str], call_lines: list[str], doc: ast.Expr | None
) -> str:
    """The source of a layer class."""
    module = owner.module
    ctx.use(module, "keras.layers.Layer")
    lines = [f"class {owner.class_name}(keras.layers.Layer):"]
    if doc is not None:
        lines += docstring(st, doc, "    ")
        lines.append("")
    plain = [owner.parameter_names.get(c, c) for c in owner.captured]
    parameters = signature(owner.node, module, owner.init_parameters, st, own=True)
    required = [p for p in parameters if "=" not in p]
    parameters = [
        *required,
        *[c for c in plain if c not in owner.init_parameters],
        *[p for p in parameters if "=" in p],
    ]
    lines += def_line("__init__", ["self", *parameters, "**kwargs"])
    lines.append("        super().__init__(**kwargs)")
    lines += parameter_attributes(st, [*owner.init_parameters, *owner.captured])
    lines += rendering.compact(init_lines)
    lines.append("")
    arguments = [
        "self",
        *signature(owner.node, module, owner.call_parameters, st),
        *[f"{owner.parameter_names.get(t, t)}=None" for t in owner.tensors],
    ]
    lines += def_line("call", arguments + (["training=None"] if owner.training else []))
    lines += rendering.compact(call_lines) or ["        pass"]
    return "\n".join(lines)


def parameter_attributes(st: Staging, parameters: list[str]) -> list[str]:
    """`self.x = x` for each parameter that the call half reads."""
    replaced = set().union(*(definitions(s.node)[1] for s in st.steps if s.kind == "simple"))
    return [
        f"        self.{st.captured[name]} = {st.parameter(name) if name.startswith('self.') else name}"
        for name in parameters
        if name in st.captured and name not in replaced
    ]


def def_line(name: str, parameters: list[str], indent: str = "    ") -> list[str]:
    """A def line, broken when too long."""
    from migrator.emit.layout import fit

    return fit(f"{indent}def {name}({', '.join(parameters)}):")


def docstring(st: Staging, doc: ast.Expr, indent: str) -> list[str]:
    """A docstring moved to another indentation."""
    text = st.module.segment(doc)
    old = st.module.indent_of(doc)
    lines = text.split("\n")
    return [indent + lines[0], *[indent + line[len(old) :] if line.startswith(old) else line for line in lines[1:]]]


# --------------------------------------------------------------------------------------------------------- classes
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
    elif any(not is_plain_base(b) for b in ref.bases):
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
    check_live(ctx, st, live, set(tensors) | {self_name})
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


def check_late(st: Staging, start: set[str]) -> None:
    """Refuse a parameter that is told with each call, when the layers are made from it."""
    if start & st.late or (st.uses_training and "training" in st.late):
        name = sorted(start & st.late or {"training"})[0]
        message = f"`{name}` configures the network when it is called"
        raise st.ctx.refuse("entry-static", st.node, st.module, message)


def is_plain_base(base: Any) -> bool:
    """True for `object`."""
    return getattr(base, "name", "") == "builtins.object"


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
        if step.node is doc or is_super_init(step.node):
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
    stores = [t for n in descendants(init) if isinstance(n, ast.Assign) and later_only(ctx, n) for t in n.targets]
    return {n.attr for t in stores for n in descendants(t) if isinstance(n, ast.Attribute)}


def later_only(ctx: Context, node: ast.stmt) -> bool:
    """True for an assignment of something that depends on the mode or on a tensor: it is no state of a layer."""
    if isinstance(node, ast.Assign):
        return ctx.facts.mode_dependent(node.value) or ctx.facts.stage(node.value) > 0
    return False


def entry_method(ctx: Context, st: Staging, owner: Owner, call_lines: list[str]) -> list[str]:
    """The method through which the object was used, as `call`."""
    arguments = ["self", *signature(owner.node, st.module, owner.call_parameters, st)]
    lines = def_line("call", arguments + (["training=None"] if owner.training else []))
    doc = documentation(owner.node)
    if doc is not None:
        lines += docstring(st, doc, "        ")
    return [*lines, *rendering.compact(call_lines), ""]


def plain_method(ctx: Context, st: Staging, method: ast.FunctionDef) -> list[str]:
    """A method that owns nothing: as it was, with library names brought up to date."""
    return rendering.statement(st, method, "    ", st.library_rewriter())


def construct_text(st: Staging, node: ast.Call, callee: ClassRef) -> str:
    """Constructing a class that became a layer: arguments that are known only when it is called are left out."""
    entry = class_entry(st.ctx, callee)
    assert entry is not None
    owner_of(st.ctx, st, Own(node, "object", definition=entry, cls=class_of(callee, entry)))
    init = class_member(callee, "__init__")
    name = st.static_text(node.func)
    if not isinstance(init, Function) or not isinstance(init.node, ast.FunctionDef):
        return f"{name}()"
    roles = parameter_roles(st.ctx, st.module, init.node)
    parameters = parameter_order(init.node)[1:]
    arguments: list[str] = []
    leading = True
    for parameter, argument in zip(parameters, node.args, strict=False):
        if roles[parameter] != "static":
            leading = False
        elif leading:
            arguments.append(standalone(st.static_text(argument)))
        else:
            arguments.append(f"{parameter}={st.static_text(argument)}")
    for keyword in node.keywords:
        if keyword.arg and roles.get(keyword.arg, "static") == "static":
            arguments.append(f"{keyword.arg}={st.static_text(keyword.value)}")
    return call_text(name, arguments)


__all__ = ["MODES", "Owner", "options", "owner_of", "top_level_names"]
