"""What must hold before a model_fn is converted: constructs whose silent loss would change numbers are refused."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import arg_scopes
from migrator.analysis.modes import Step, header, walk
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Mapping, Result, Sequence, Stage, Symbol, Value, options, stage_of
from migrator.lower.layers import getters
from migrator.lower.library import normalizers
from migrator.lower.library.partials import by_scopes, with_all, written_out
from migrator.lower.reading.definitions import parameter_roles
from migrator.lower.reading.python_calls import entry_object, python_arguments
from migrator.lower.reading.slices import definitions
from migrator.lower.spec.update_ops import is_update_ops
from migrator.lower.spec.waiting import averages_go, ends_a_step, operations
from migrator.rulebook import bind
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.owning import Own
    from migrator.lower.reading.sites import Site
    from migrator.source.module import Module

SCOPE_DEFAULTS = {
    "custom_getter": "a custom_getter changes how variables are read",
    "partitioner": "a partitioner splits the variables",
    "dtype": "a variable_scope gives its variables another dtype",
}
PURE_SPACES = ("math.", "nn.softmax", "nn.sigmoid", "nn.relu", "strings.", "reduce_", "zeros", "ones")
# fmt: off
PURE = frozenset([
    "abs", "add", "add_n", "argmax", "cast", "clip_by_value", "concat", "constant", "div", "divide", "equal", "exp",
    "expand_dims", "eye", "fill", "floor", "gather", "gather_nd", "greater", "greater_equal", "identity", "less",
    "less_equal", "log", "logical_and", "logical_not", "logical_or", "matmul", "maximum", "minimum", "multiply",
    "negative", "not_equal", "one_hot", "pad", "range", "rank", "reshape", "round", "shape", "size", "slice",
    "split", "sqrt", "square", "squeeze", "stack", "stop_gradient", "subtract", "tile", "to_float", "to_int32",
    "to_int64", "transpose", "unstack", "where",
])
# fmt: on
HARMLESS = ("assert", "debugging.", "Assert", "Print", "print", "summary.")
HARMLESS_DEPENDENCIES = tuple(f"tensorflow.{name}" for name in HARMLESS)


def check_body(ctx: Context, st: Body) -> None:
    """Scopes with defaults, orderings with effects, loops that are left early around layers, a local named `self`."""
    if "self" in st.locals - {st.self_name}:
        raise ctx.refuse("reserved-name", st.node, st.module, "a local name is `self`, which the methods need")
    for step in walk(st.steps):
        if step.kind not in ("simple", "return", "training", "try"):
            check_header(ctx, st, step)
        elif step.kind in ("simple", "return") and active("unknown-holder"):
            check_holder(ctx, st, step)
        if isinstance(step.node, ast.With) and step.kind == "with":
            for item in step.node.items:
                check_manager(ctx, st, item.context_expr, step.node)
        if step.kind in ("for", "while"):
            check_loop(ctx, st, step)


def check_header(ctx: Context, st: Body, step: Step) -> None:
    """Refuse a call in a condition, a loop's head or a `with` that changes an object of its caller."""
    for expression in header(step):
        for call in descendants(expression):
            if isinstance(call, ast.Call) and call in ctx.facts.changes:
                message = "an object is changed by a call that is no statement of its own"
                raise ctx.refuse("argument-change", call, st.module, message)


def check_holder(ctx: Context, st: Body, step: Step) -> None:
    """Refuse a tensor that is kept in an object of which nothing is known: the halves would not share it."""
    for node in descendants(step.node) if ctx.facts.kept_unknown else ():
        if node in ctx.facts.kept_unknown:
            message = "a tensor is kept in an object of which nothing is known"
            raise ctx.refuse("object-state", node, st.module, message)


def check_changes(ctx: Context, st: Body, step: Step) -> None:
    """Refuse a needed statement of the construction half that changes what layers are made from, and what is not."""
    inside = list(every(step.node, ast.expr))
    called = any(ctx.facts.stage(n) > Stage.STATIC for n in inside)
    if not called and not any(site.step is step for site in st.sites.values()):
        return
    for call in descendants(step.node):
        if isinstance(call, ast.Call) and call in ctx.facts.static_changes:
            message = "an object that layers may be made from is changed where the model is called"
            raise ctx.refuse("argument-change", call, st.module, message)


def check_manager(ctx: Context, st: Body, node: ast.expr, around: ast.With) -> None:
    """Refuse context managers that change what is inside them."""
    value = ctx.facts.value(node)
    if not isinstance(value, Result):
        return
    if value.symbol == "tensorflow.variable_scope":
        for name, reason in SCOPE_DEFAULTS.items():
            given = value.bound.get(name)
            if given is not None and not (isinstance(given, Const) and given.value is None):
                if name == "custom_getter" and getters.check(ctx, st.module, node, given):
                    continue
                if name == "dtype" and isinstance(given, Symbol) and given.name == "tensorflow.float32":
                    continue  # as it is anyway: a scope around it with another one is refused
                raise ctx.refuse("scope-defaults", node, st.module, reason)
    if arg_scopes.is_scope(value):
        message = "the defaults that arg_scope gives are written at each layer inside it"
        ctx.note("arg-scope", "info", st.module, node, message)
    if value.symbol.endswith("arg_scope") and not arg_scopes.is_scope(value):
        raise ctx.refuse("arg-scope", node, st.module, "arg_scope gives the layers inside it other defaults")
    if value.symbol.endswith(".gradient_override_map"):
        raise ctx.refuse("gradients", node, st.module, "gradients of operations are written anew")
    if value.symbol == "tensorflow.control_dependencies":
        for given in operations(ctx, value):
            if isinstance(given, Result) and given.symbol == "tensorflow.print":
                ctx.note("dropped-call", "info", given.module, given.call, "`tf.print(...)` in each step is dropped")
            if harmless(given) or ends_a_step(ctx, around, given) or averages_go(ctx, given):
                continue
            raise ctx.refuse("control-dependencies", node, st.module, "an operation is ordered to run with each step")


def check_site(st: Body, site: Site, expression: ast.expr) -> None:
    """Refuse a creation that Python may skip, or that repeats in a way that a list of layers cannot follow."""
    call = site.own.call
    if call in st.ctx.facts.changes:
        message = "a function that makes layers changes an object of its caller"
        raise st.ctx.refuse("argument-change", call, st.module, message)
    scoped = site.own.kind == "variable" and by_scopes(st.ctx, call)
    if site.own.kind in ("variable", "rnn") and not scoped and written_out(st.ctx, st.module, call) is not call:
        raise st.ctx.refuse("partial", call, st.module, "variables are made through a partial function")
    if not active("operand"):
        return
    for inner in descendants(expression):
        if isinstance(inner, ast.BoolOp) and any(call in descendants(v) for v in inner.values[1:]):
            raise st.ctx.refuse("operand", call, st.module, "a layer is made in an operand that may never be evaluated")
    named = isinstance(site.comprehension, ast.DictComp) and site.own.kind == "metric"  # its keys are metric names
    if isinstance(site.comprehension, (ast.SetComp, ast.DictComp)) and not named:
        raise st.ctx.refuse("comprehension", call, st.module, "layers are kept in a set or a dictionary")
    comprehensions = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    around = [n for n in descendants(expression) if isinstance(n, comprehensions) and call in descendants(n)]
    if len(around) > 1 or any(len(n.generators) > 1 for n in around) or (around and site.loops):
        raise st.ctx.refuse(
            "nested-comprehension", call, st.module, "layers are made by a comprehension inside another, or in a loop"
        )


def check_alike(st: Body, earlier: Site, site: Site) -> None:
    """Refuse layers of one name that differ between modes: no checkpoint could serve both."""
    inputs = {*site.own.rule.inputs, site.own.rule.training} if site.own.rule is not None else set()
    shapes = []
    for own in (earlier.own, site.own):
        call = own.made.call if own.made is not None else own.call
        given = given_to(st, site, own, call)
        shapes.append({name: ast.dump(value) for name, value in given.items() if name not in inputs})
    if active("mode-layers") and shapes[0] != shapes[1]:
        raise st.ctx.refuse("mode-layers", site.own.call, st.module, "one layer is made differently in different modes")


def given_to(st: Body, site: Site, own: Own, call: ast.Call) -> dict[str, ast.expr]:
    """What one layer, function or object is made with, by name."""
    if own.kind == "object":
        return {"the object": call}
    if own.definition is not None:
        roles = parameter_roles(st.ctx, st.module, own.definition)
        bound = python_arguments(st.ctx, st.module, own.definition, call)
        given = {name: value for name, value in bound.items() if roles.get(name) == "static"}
        return {**given, "the object": entry_object(st.ctx, call)} if own.kind == "entry" else given
    whole, inner = with_all(st.ctx, st.module, call), call
    call = written_out(st.ctx, st.module, call)
    found = bind(site.own.rule, call) if site.own.rule is not None and site.own.rule.signature else None
    told = found if isinstance(found, dict) else {k.arg or "**": k.value for k in call.keywords}
    return told | normalizers.as_arguments(st.ctx, st.module, own.rule, whole, inner)


def check_entry(ctx: Context, module: Module, definition: ast.FunctionDef) -> None:
    """Refuse an object that makes new layers each time it is called: as a Keras layer it would share them."""
    seen: set[tuple[str, int]] = set()
    for frame in ctx.facts.frames.get(definition, []):
        bound = frame.function.bound if frame.function is not None else None
        if frame.supposed or bound is None or not frame.creations or all(c.reused for c in frame.creations):
            continue
        key = (frame.mode, id(bound))
        if key in seen and active("object-called-twice"):
            message = f"one object makes new layers each time `{definition.name}` is called"
            raise ctx.refuse("object-called-twice", frame.call or definition, module, message)
        seen.add(key)


def harmless(value: Value) -> bool:
    """True for control inputs that only update batch norm, check values, or compute some that nothing else is told."""
    if isinstance(value, Sequence):
        return all(harmless(item) for item in value.items)
    found = options(value)

    return is_update_ops(value) or all(
        isinstance(o, Result) and (o.symbol.startswith(HARMLESS_DEPENDENCIES) or only_computes(o)) for o in found
    )


def only_computes(value: Result) -> bool:
    """True for a tensor that an operation without effects computes: waiting for it changes no number."""
    name = value.symbol.removeprefix("tensorflow.")
    return value.symbol.startswith("tensorflow.") and (name in PURE or name.startswith(PURE_SPACES))


def check_loop(ctx: Context, st: Body, step: Step) -> None:
    """Refuse a loop that creates layers and may skip or end a trip: its lists of layers would not line up."""
    if not any(step in site.loops for site in st.sites.values()):
        return
    for inner in walk([step]):
        jumps = inner.kind == "return" or isinstance(inner.node, (ast.Break, ast.Continue))
        if jumps and active("loop-jump"):
            raise ctx.refuse("loop-jump", inner.node, st.module, "a loop that creates layers is left early")


def check_mutations(st: Body, needed: set[Step]) -> None:
    """Refuse a static object that is changed in place before layers are made, where the change would be left out.

    The slice goes by names: another name for the object, setattr, or a write to an enclosing scope escapes it.
    """
    last = max((s.step.node.lineno for s in st.sites.values()), default=0)
    for step in walk(st.steps):
        node = step.node
        if step.kind != "simple" or step in needed or node.lineno > last:
            continue
        changed, replaced = definitions(node)
        if all(is_container(st.ctx.facts.value(base)) for base in changed_objects(node)):
            changed = replaced  # its other names would have been refused
        value = getattr(node, "value", None)
        by_call = isinstance(node, ast.Expr) and isinstance(value, ast.Call) and ast.unparse(value.func) == "setattr"
        static = value is None or st.ctx.facts.stage(value) is Stage.STATIC
        if (changed - replaced and static and not isinstance(node, ast.AugAssign)) or by_call:
            raise st.ctx.refuse("mutation", node, st.module, "an object is changed in place while layers are made")


def changed_objects(node: ast.stmt) -> list[ast.expr]:
    """The expressions of the objects that a statement changes in place."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        return [node.value.func.value]
    targets = node.targets if isinstance(node, ast.Assign) else []
    stores = [t for target in targets for t in descendants(target) if isinstance(t, (ast.Attribute, ast.Subscript))]
    return [t.value for t in stores if isinstance(t.ctx, ast.Store)]


def is_container(value: Value | None) -> bool:
    """True for a list or dictionary that the program made, or a tensor: who else holds it was followed."""
    found = options(value) if value is not None else ()
    return bool(found) and all(isinstance(o, (Sequence, Mapping)) or stage_of(o) is Stage.CALL for o in found)


# ----------------------------------------------------------------------------------------------------- new names
