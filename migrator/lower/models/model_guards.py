"""What a whole model_fn may not do: names, scopes and updates that its Keras model would treat otherwise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import phases
from migrator.analysis.calls import APPLYING
from migrator.analysis.modes import walk
from migrator.analysis.soundness import active
from migrator.analysis.values import Const, Opaque, Result, Symbol, options
from migrator.lower.bodies.checkpoint_starts import is_start
from migrator.lower.library import partials, rewriting
from migrator.lower.reading.definitions import called_object
from migrator.lower.spec import create_train_op, norm_updates, optimize_loss
from migrator.lower.spec.update_ops import is_update_ops
from migrator.lower.spec.waiting import averages_go
from migrator.source.project import reached_by
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


COLUMNS_READ = (
    "tensorflow.feature_column.input_layer",
    "tensorflow.feature_column.linear_model",
    "tensorflow.contrib.layers.input_from_feature_columns",
    "tensorflow.keras.layers.DenseFeatures",
)


def check_model(parts: ModelParts) -> None:
    """Whole-model conditions: batch norm that is never updated, losses that reach the total through collections.

    Notes on the context what the layers must keep of them.
    """
    ctx = parts.ctx
    called = {
        inner.name: call
        for call, callees in ctx.facts.callees.items()
        for callee in callees
        for option in options(callee)
        if isinstance(inner := partials.base(option), Symbol)
    }
    if "train" in parts.fields and "train_op" in parts.fields["train"].expressions:
        call = norm_updates.frozen(ctx, parts.module, reads_updates(ctx))
        if call is not None:
            ctx.frozen_norms = True
            message = (
                "UPDATE_OPS are never run: the moving averages stay at their start, and predictions use them; "
                "momentum=1.0 keeps that. Remove it to have them follow the batches"
            )
            ctx.note("batch-norm-frozen", "warning", parts.module, call, message)
    for name, where in called.items():
        rule = ctx.rules.find(name)
        followed = phases.is_setter(name) and phases.follow_mode(ctx.facts) is not None
        if rule is not None and rule.id in ("keras-learning-phase", "keras-model") and not followed:
            raise ctx.refuse(rule.id, where, parts.module, rule.note)
        if name in COLUMNS_READ and (brought := hub_column(ctx, parts.module)):
            message = f"{brought} brings a network of TensorFlow Hub as a feature column, made for TensorFlow 1"
            raise ctx.refuse("hub-column", where, parts.module, message)
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


def hub_column(ctx: Context, here: Module) -> str:
    """The first feature column of TensorFlow Hub in this file or in one that it sees; "" where there is none."""
    for path in sorted(reached_by(frozenset({here.path}), ctx.project.imports)):
        text = ctx.project.sources[path]
        module = ctx.project.module(path) if "tensorflow_hub" in text and "_column" in text else None
        if module is None:
            continue
        names = [alias for node in every(module.tree, ast.Import) for alias in node.names]
        hubs = {alias.asname or alias.name for alias in names if alias.name == "tensorflow_hub"}
        for call in every(module.tree, ast.Call):
            name = ast.unparse(call.func)
            if name.rpartition(".")[0] in hubs and name.endswith(("_column", "_column_v2")):
                return f"`{name}` ({path}:{call.lineno})"
    return ""


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
    Ways through a branch that construction decides count apart.
    """
    if not active("mode-names"):
        return
    names: dict[ast.Call, dict[str, list[object]]] = {}
    for mode, creations in ctx.facts.creations.items():
        for creation in creations:
            found = names.setdefault(creation.call, {}).setdefault(mode, [])
            if (creation.name, creation.before) not in found:
                found.append((creation.name, creation.before))
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

    results = ctx.facts.results
    collected = (v for name in ("tensorflow.get_collection", "tensorflow.group") for v in results.get(name, ()))
    running = {optimize_loss.SYMBOL, *create_train_op.SYMBOLS}
    return bool(running & results.keys()) or any(map(is_update_ops, collected))


def note_dropped(parts: ModelParts) -> None:
    """A finding for every bare call of the model_fn that leaves no code: summaries, logging, names for tensors."""

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
