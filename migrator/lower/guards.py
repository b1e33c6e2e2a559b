"""What must hold before a model_fn is converted: constructs whose silent loss would change numbers are refused."""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
from typing import TYPE_CHECKING

from migrator.analysis.calls import APPLYING
from migrator.analysis.facts import Refusal
from migrator.analysis.modes import Step, header, walk
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Mapping, Opaque, Result, Sequence, Stage, Symbol, Value, options, stage_of
from migrator.lower import getters, partials, rewriting
from migrator.lower.context import Context, Refused
from migrator.lower.owned_calls import entry_object, python_arguments
from migrator.lower.owning import Own, called_object, parameter_roles
from migrator.lower.partials import written_out
from migrator.lower.slices import definitions
from migrator.lower.waiting import averages_go, ends_a_step, operations
from migrator.rulebook import bind
from migrator.source.inventory import import_aliases
from migrator.source.module import Module
from migrator.source.syntax import descendants, syntax_of

if TYPE_CHECKING:
    from migrator.lower.model import ModelParts
    from migrator.lower.staging import Site, Staging

SCOPE_DEFAULTS = {
    "initializer": "a variable_scope gives its variables a default initializer",
    "regularizer": "a variable_scope gives its variables a default regularizer",
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


def check_body(ctx: Context, st: Staging) -> None:
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


def check_header(ctx: Context, st: Staging, step: Step) -> None:
    """Refuse a call in a condition, a loop's head or a `with` that changes an object of its caller."""
    for expression in header(step):
        for call in descendants(expression):
            if isinstance(call, ast.Call) and call in ctx.facts.changes:
                message = "an object is changed by a call that is no statement of its own"
                raise ctx.refuse("argument-change", call, st.module, message)


def check_holder(ctx: Context, st: Staging, step: Step) -> None:
    """Refuse a tensor that is kept in an object of which nothing is known: the halves would not share it."""
    for node in descendants(step.node) if ctx.facts.kept_unknown else ():
        if node in ctx.facts.kept_unknown:
            message = "a tensor is kept in an object of which nothing is known"
            raise ctx.refuse("object-state", node, st.module, message)


def check_changes(ctx: Context, st: Staging, step: Step) -> None:
    """Refuse a needed statement of the construction half that changes what layers are made from, and what is not."""
    inside = [n for n in descendants(step.node) if isinstance(n, ast.expr)]
    called = any(ctx.facts.stage(n) > Stage.STATIC for n in inside)
    if not called and not any(site.step is step for site in st.sites.values()):
        return
    for call in descendants(step.node):
        if isinstance(call, ast.Call) and call in ctx.facts.static_changes:
            message = "an object that layers may be made from is changed where the model is called"
            raise ctx.refuse("argument-change", call, st.module, message)


def check_manager(ctx: Context, st: Staging, node: ast.expr, around: ast.With) -> None:
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
                raise ctx.refuse("scope-defaults", node, st.module, reason)
    if value.symbol.endswith("arg_scope"):
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


def check_site(st: Staging, site: Site, expression: ast.expr) -> None:
    """Refuse a creation that Python may skip, or that repeats in a way that a list of layers cannot follow."""
    call = site.own.call
    if call in st.ctx.facts.changes:
        message = "a function that makes layers changes an object of its caller"
        raise st.ctx.refuse("argument-change", call, st.module, message)
    if site.own.kind in ("variable", "rnn") and written_out(st.ctx, st.module, call) is not call:
        raise st.ctx.refuse("partial", call, st.module, "variables are made through a partial function")
    if not active("operand"):
        return
    for inner in descendants(expression):
        if isinstance(inner, ast.BoolOp) and any(call in descendants(v) for v in inner.values[1:]):
            raise st.ctx.refuse("operand", call, st.module, "a layer is made in an operand that may never be evaluated")
    if isinstance(site.comprehension, (ast.SetComp, ast.DictComp)):
        raise st.ctx.refuse("comprehension", call, st.module, "layers are kept in a set or a dictionary")
    comprehensions = (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)
    around = [n for n in descendants(expression) if isinstance(n, comprehensions) and call in descendants(n)]
    if len(around) > 1 or any(len(n.generators) > 1 for n in around) or (around and site.loops):
        raise st.ctx.refuse(
            "nested-comprehension", call, st.module, "layers are made by a comprehension inside another, or in a loop"
        )


def check_alike(st: Staging, earlier: Site, site: Site) -> None:
    """Refuse layers of one name that differ between modes: no checkpoint could serve both."""
    inputs = {*site.own.rule.inputs, site.own.rule.training} if site.own.rule is not None else set()
    shapes = []
    for own in (earlier.own, site.own):
        call = own.made.call if own.made is not None else own.call
        given = given_to(st, site, own, call)
        shapes.append({name: ast.dump(value) for name, value in given.items() if name not in inputs})
    if active("mode-layers") and shapes[0] != shapes[1]:
        raise st.ctx.refuse("mode-layers", site.own.call, st.module, "one layer is made differently in different modes")


def given_to(st: Staging, site: Site, own: Own, call: ast.Call) -> dict[str, ast.expr]:
    """What one layer, function or object is made with, by name."""
    if own.kind == "object":
        return {"the object": call}
    if own.definition is not None:
        roles = parameter_roles(st.ctx, st.module, own.definition)
        bound = python_arguments(st.ctx, st.module, own.definition, call)
        given = {name: value for name, value in bound.items() if roles.get(name) == "static"}
        return {**given, "the object": entry_object(st.ctx, call)} if own.kind == "entry" else given
    call = written_out(st.ctx, st.module, call)
    found = bind(site.own.rule, call) if site.own.rule is not None and site.own.rule.signature else None
    return found if isinstance(found, dict) else {k.arg or "**": k.value for k in call.keywords}


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
    from migrator.lower.optimizer import is_update_ops

    return is_update_ops(value) or all(
        isinstance(o, Result) and (o.symbol.startswith(HARMLESS_DEPENDENCIES) or only_computes(o)) for o in found
    )


def only_computes(value: Result) -> bool:
    """True for a tensor that an operation without effects computes: waiting for it changes no number."""
    name = value.symbol.removeprefix("tensorflow.")
    return value.symbol.startswith("tensorflow.") and (name in PURE or name.startswith(PURE_SPACES))


def check_loop(ctx: Context, st: Staging, step: Step) -> None:
    """Refuse a loop that creates layers and may skip or end a trip: its lists of layers would not line up."""
    if not any(step in site.loops for site in st.sites.values()):
        return
    for inner in walk([step]):
        jumps = inner.kind == "return" or isinstance(inner.node, (ast.Break, ast.Continue))
        if jumps and active("loop-jump"):
            raise ctx.refuse("loop-jump", inner.node, st.module, "a loop that creates layers is left early")


def check_mutations(st: Staging, needed: set[Step]) -> None:
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


LEFTOVERS = ("layers", "estimator", "contrib", "losses", "metrics", "get_variable", "variable_scope", "train.")


def check_leftovers(ctx: Context, module: Module, node: ast.AST, text: str) -> None:
    """Refuse generated code that still names removed parts of TensorFlow."""
    imported = import_aliases(module.tree)
    aliases = [a for a, name in imported.items() if name in ("tensorflow", "tensorflow.compat.v1")]
    ended = {a for a, name in imported.items() if name.startswith(("tensorflow.contrib", "tf_slim"))}
    written = descendants(syntax_of(text))
    ended -= {n.id for n in written if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    ended -= {n.arg for n in written if isinstance(n, ast.arg)}
    for inner in written:
        if isinstance(inner, ast.Name) and inner.id in ended:
            raise ctx.refuse("leftover", node, module, f"`{inner.id}` would be left in the converted code")
        if isinstance(inner, ast.Attribute) and first_name(inner) in aliases:
            dotted = ast.unparse(inner)
            head, _, rest = dotted.partition(".")
            if head in aliases and rest.startswith(LEFTOVERS) and not rest.startswith(("train.latest", "train.load")):
                raise ctx.refuse("leftover", node, module, f"`{dotted}` would be left in the converted code")


def check_schedules(ctx: Context, module: Module, node: ast.AST, lines: list[str]) -> None:
    """Refuse a model that makes a schedule beside its optimizer's: it reads a rate, which an object of Keras is not."""
    if any("keras.optimizers.schedules." in line for line in lines):
        message = "the model reads the learning rate of a schedule: an optimizer of Keras alone knows its step"
        raise ctx.refuse("schedule-value", node, module, message)


def first_name(node: ast.expr) -> str:
    """The name that an expression of attributes, calls and subscripts begins with, else ""."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def check_model(parts: ModelParts) -> None:
    """Whole-model conditions: batch norm that is never updated, losses that reach the total through collections.

    Notes on the context what the layers must keep of them.
    """
    ctx = parts.ctx
    called = {
        option.name: call
        for call, callees in ctx.facts.callees.items()
        for callee in callees
        for option in options(callee)
        if isinstance(option, Symbol)
    }
    norms = [n for n in called if n.endswith(("layers.batch_normalization", "layers.batch_norm"))]
    if norms and "train" in parts.fields and "train_op" in parts.fields["train"].expressions and not reads_updates(ctx):
        call = called[norms[0]]
        in_place = any(k.arg == "updates_collections" for k in call.keywords)
        if not in_place:
            ctx.frozen_norms = True
            message = (
                "UPDATE_OPS are never run: the moving averages stay at their start, and predictions use them; "
                "momentum=1.0 keeps that. Remove it to have them follow the batches"
            )
            ctx.note("batch-norm-frozen", "warning", parts.module, call, message)
    for name, where in called.items():
        rule = ctx.rules.find(name)
        if rule is not None and rule.id in ("keras-learning-phase", "keras-model"):
            raise ctx.refuse(rule.id, where, parts.module, rule.note)
    partials.check(ctx, parts.module)
    check_layer_attributes(ctx, parts.module)
    handled = scopes_at_hand(ctx)
    for where in scope_calls(ctx):
        if where not in handled and not rewriting.names_scope_in_message(ctx, where):
            raise ctx.refuse("scope-object", where, parts.module, "the current variable scope is changed by hand")
    check_collected_updates(ctx)
    for name in ("tensorflow.add_to_collection", "tensorflow.losses.add_loss", "tensorflow.add_to_collections"):
        if name in called and ctx.regularised:
            raise ctx.refuse("collection", called[name], parts.module, "a loss is collected by hand and added later")


def check_collected_updates(ctx: Context) -> None:
    """Refuse an operation that the program itself adds to UPDATE_OPS: it runs with each step."""
    for name in ("tensorflow.add_to_collection", "tensorflow.add_to_collections"):
        for made in ctx.facts.results.get(name, ()):
            keys = [o for key in ("0", "name", "names") if key in made.bound for o in options(made.bound[key])]
            given = made.bound.get("1", made.bound.get("value"))
            updates = any(k.value == "update_ops" if isinstance(k, Const) else isinstance(k, Opaque) for k in keys)
            if given is not None and updates and not averages_go(ctx, given):
                message = "an operation is added to a collection of those that run with each step"
                raise ctx.refuse("collection", made.call, made.module, message)


def scopes_at_hand(ctx: Context) -> set[ast.expr]:
    """The current scope where it is only entered again, or told to reuse: `tf.get_variable_scope().reuse_variables()`.

    Where it is kept under a name, another scope may be the innermost one when it is used.
    """
    found: set[ast.expr] = set()
    for call, callees in ctx.facts.callees.items():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "reuse_variables":
            found.add(call.func.value)
        if any(isinstance(o, Symbol) and o.name == "tensorflow.variable_scope" for c in callees for o in options(c)):
            found |= {*call.args[:1], *(k.value for k in call.keywords if k.arg == "name_or_scope")}
    return found


def scope_calls(ctx: Context) -> list[ast.Call]:
    """The calls that ask for the current variable scope."""
    name = "tensorflow.get_variable_scope"
    return [
        call
        for call, callees in ctx.facts.callees.items()
        if any(isinstance(o, Symbol) and o.name == name for callee in callees for o in options(callee))
    ]


def check_names_by_mode(ctx: Context, module: Module) -> None:
    """Refuse layers whose default names differ from mode to mode: an evaluation would look for another layer's weights.

    A layer without a name that only training has takes `dense`, and the next one is `dense_1` there and `dense` in
    evaluation. TensorFlow 1 stops at the other shape of the checkpoint's variable, or takes it where the shapes agree.
    """
    if not active("mode-names"):
        return
    names: dict[ast.Call, dict[str, list[object]]] = {}
    for mode, creations in ctx.facts.creations.items():
        counted: dict[str, list[ast.Call]] = {}  # where a number is not known: what was made under that name before
        for creation in creations:
            earlier = counted.setdefault(creation.name.rstrip("*0123456789").rstrip("_"), [])
            unknown = [id(call) for call in earlier] if "*" in creation.name else []
            names.setdefault(creation.call, {}).setdefault(mode, []).append((creation.name, *unknown))
            earlier.append(creation.call)
    for call, by_mode in names.items():
        if len(set(map(tuple, by_mode.values()))) > 1:
            message = (
                "its variables have other default names in other modes, so that a checkpoint gives it other weights"
            )
            raise ctx.refuse("mode-names", call, module, message)


def check_mode_keys(ctx: Context, module: Module) -> None:
    """Refuse a mode that does not exist: the legacy program stops where it reads it."""
    for node in list(ctx.facts.values):
        value = ctx.facts.value(node) if isinstance(node, ast.Attribute) else None
        if isinstance(value, Symbol) and value.name.rpartition(".")[0].endswith(".ModeKeys"):
            message = f"`{value.name}` does not exist: the program stops here in TensorFlow 1"
            raise ctx.refuse("mode-key", node, module, message)


def check_layer_attributes(ctx: Context, module: Module) -> None:
    """Refuse what a Keras layer object is asked for beside its weights: `updates`, `losses`, `trainable` and others.

    Its updates and losses are in no collection; a program that takes them from the object runs or adds them itself.
    """
    applied = {call.func for call in ctx.facts.callees if called_object(ctx, call) is not call.func}
    for node in list(ctx.facts.values):
        if not isinstance(node, ast.Attribute) or node in applied:
            continue
        base = ctx.facts.value(node.value)
        for option in options(base) if base is not None else ():
            rule = ctx.rules.find(option.symbol) if isinstance(option, Result) and not option.part else None
            if rule is None or rule.kind != "layer_class":
                continue
            if not (rule.scope or "").startswith("*") and node.attr not in APPLYING:
                continue
            holds_others = "*" in rule.weights
            if node.attr not in rule.weights.values() and not (holds_others and node.attr in ("add", "summary")):
                message = f"`{node.attr}` of a Keras layer: what it holds beside its weights is not followed"
                raise ctx.refuse("layer-attribute", node, module, message)


def reads_updates(ctx: Context) -> bool:
    """True when the UPDATE_OPS collection is read somewhere, by the program or by optimize_loss."""
    from migrator.lower import create_train_op, optimize_loss
    from migrator.lower.optimizer import is_update_ops

    results = ctx.facts.results
    collected = (v for name in ("tensorflow.get_collection", "tensorflow.group") for v in results.get(name, ()))
    running = {optimize_loss.SYMBOL, *create_train_op.SYMBOLS}
    return bool(running & results.keys()) or any(map(is_update_ops, collected))


def note_dropped(parts: ModelParts) -> None:
    """A finding for every bare call of the model_fn that leaves no code: summaries, logging, names for tensors."""
    from migrator.lower.optimizer import is_update_ops
    from migrator.lower.warm_starts import is_start

    for step in walk(parts.st.steps):
        node = step.node
        if isinstance(node, ast.Assign) and step.kind == "simple":
            value = parts.ctx.facts.value(node.value)
            if isinstance(value, Result) and value.symbol == "tensorflow.get_collection" and is_update_ops(value):
                message = "UPDATE_OPS go: Keras layers update their moving averages themselves"
                parts.ctx.note("update-ops", "info", parts.module, node, message)
        if step.changes:
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and node.value not in parts.st.sites:
            if is_start(parts.ctx, node):
                continue
            text = ast.unparse(node.value.func)
            parts.ctx.note("dropped-call", "info", parts.module, node, f"`{text}(...)` in the model_fn is dropped")


# ----------------------------------------------------------------------------------------------------- new names
def check_names(path: str, before: str, after: str) -> None:
    """Refuse a text that reads names which nothing defines, unless the legacy text did. Raises Refused."""
    new = undefined_names(after) - undefined_names(before)
    if new:
        name = sorted(new)[0]
        message = f"`{name}` would be read in the converted code, where nothing defines it"
        raise Refused(Refusal("undefined-name", path, 1, message))


@functools.lru_cache(maxsize=128)
def undefined_names(text: str) -> frozenset[str]:
    """Global names that are read somewhere and bound nowhere in the file."""
    try:
        table = symtable.symtable(text, "module", "exec")
        tree = syntax_of(text)
    except SyntaxError:
        return frozenset()
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in descendants(tree)):
        return frozenset()
    known = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()}
    known |= {n for node in descendants(tree) if isinstance(node, ast.Global) for n in node.names}
    known |= set(dir(builtins)) | {"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__"}
    found: set[str] = set()
    todo = [table]
    while todo:
        scope = todo.pop()
        todo += scope.get_children()
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or scope is table) and symbol.get_name() not in known:
                found.add(symbol.get_name())
    return frozenset(found)
