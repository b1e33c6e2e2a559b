"""Library symbols in expressions: what each becomes by its rule, with arguments converted."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.library_calls import REPLICATED
from migrator.analysis.signatures import CONSTANTS
from migrator.analysis.values import Function, Symbol, options
from migrator.emit.fragments import call_text
from migrator.lower.library import cell_dropout, cells, optimizer_names
from migrator.lower.library.loss_calls import loss_text
from migrator.lower.library.optimizer_calls import optimizer_text
from migrator.lower.library.rule_arguments import Render, arguments, bound_or_refuse, fill, target
from migrator.lower.reading.namespaces import is_there
from migrator.lower.reading.symbols import called_symbol, has_rule, imported_names, lives_on, symbol_of, today
from migrator.source.names import SURVIVING_KEYWORDS, canonical, surviving
from migrator.source.syntax import descendants, every, first_argument

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module

CROSS_SHARD, TOWER = "tensorflow.tpu.CrossShardOptimizer", "tensorflow.contrib.estimator.TowerOptimizer"
MESSAGES = frozenset(f"tensorflow.train.{name}" for name in ("Example", "SequenceExample", "Features", "Feature"))
WRAPPERS = frozenset({CROSS_SHARD, TOWER})


def rewrite_call(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str | None:
    """The text that replaces a library call, or None when it stays as it is."""
    if symbol == REPLICATED:
        return render(replicated(ctx, module, call))
    if symbol in WRAPPERS:
        return render(unwrapped(ctx, module, call, symbol))
    if symbol.startswith(cells.HOMES):
        return cell_dropout.rewritten(ctx, module, call, symbol, render)
    if symbol == "tensorflow.variable_scope" and (name := name_of_scope(module, call)) is not None:
        return ctx.use(module, f"tf.name_scope({render(name)})")
    rule = ctx.rules.find(symbol)
    if rule is None:
        return surviving_call(ctx, module, call, symbol, render)
    match rule.kind:
        case "refuse" if rule.id == "keras-model":
            return None  # which a model_fn may not call: beside it, a Keras model is one today too
        case "refuse":
            raise ctx.refuse(rule.id, call, module, rule.note or f"`{symbol}` has no Keras twin")
        case "activation" if symbol[len("tensorflow.") :] in surviving():
            return surviving_call(ctx, module, call, symbol, render)
        case "rename" if rule.signature is None:
            return None  # the callee is renamed as a reference, the arguments stay as written
        case "rename" if rule.target == today(symbol):
            return rule_text(ctx, module, rule, call, render, chosen=render(call.func))
        case "loss":
            return loss_text(ctx, module, rule, call, render)
        case "optimizer" if rule.id == optimizer_names.BY_NAME:
            made = optimizer_names.instance(ctx, module, rule, call)
            return optimizer_text(ctx, module, rule, call, render) if made is None else render(made)
        case "optimizer":
            return optimizer_text(ctx, module, rule, call, render)
        case "drop":
            raise ctx.refuse(rule.id, call, module, f"`{symbol}` has no value in Keras")
        case "metric" | "layer":
            raise ctx.refuse(rule.id, call, module, f"`{symbol}` stands where only its own kind of statement can")
    return rule_text(ctx, module, rule, call, render)


def name_of_scope(module: Module, call: ast.Call) -> ast.expr | None:
    """The text that a variable_scope puts before names, where that is all it does.

    No variable is made where its call is rewritten as it stands: what makes one has other texts, or is refused.
    """
    items = [item for node in every(module.tree, ast.With) for item in node.items if item.context_expr is call]
    plain = len(call.args) == 1 and all(keyword.arg == "reuse" for keyword in call.keywords)
    if not plain or len(items) != 1 or items[0].optional_vars is not None:
        return None
    name = call.args[0]
    text = name.left if isinstance(name, ast.BinOp) else name
    written = isinstance(text, ast.Constant) and isinstance(text.value, str) or isinstance(text, ast.JoinedStr)
    return name if written else None


def unwrapped(ctx: Context, module: Module, call: ast.Call, symbol: str) -> ast.expr:
    """The optimizer inside one of `WRAPPERS`: one device has the whole batch by itself."""
    return towered(ctx, module, call) if symbol == TOWER else sharded(ctx, module, call)


def sharded(ctx: Context, module: Module, call: ast.Call) -> ast.expr:
    """The optimizer inside a CrossShardOptimizer: one device takes the mean over the whole batch by itself.

    Refuses the sum over shards: its size depends on how many devices there were.
    """
    given = dict(zip(("opt", "reduction"), call.args, strict=False)) | {k.arg: k.value for k in call.keywords if k.arg}
    reduction = symbol_of(ctx, given["reduction"]) if "reduction" in given else None
    if "reduction" in given and not (reduction or "").endswith(".MEAN"):
        raise ctx.refuse("cross-shard", call, module, "gradients are summed over TPU shards, whose number is unknown")
    if "opt" not in given:
        raise ctx.refuse("cross-shard", call, module, "which optimizer is wrapped cannot be followed")
    ctx.note("cross-shard", "info", module, call, "CrossShardOptimizer goes: there is one device, and one whole batch")
    return given["opt"]


def towered(ctx: Context, module: Module, call: ast.Call) -> ast.expr:
    """The optimizer inside a TowerOptimizer. Refuses one that is made by a function."""
    inner = first_argument(call, "optimizer_or_optimizer_fn")
    value = ctx.facts.value(inner) if inner is not None else None
    if inner is None or value is None or any(isinstance(o, Function) for o in options(value)):
        raise ctx.refuse("tower", call, module, "which optimizer is wrapped cannot be followed")
    note_towers(ctx, module, call)
    return inner


def replicated(ctx: Context, module: Module, call: ast.Call) -> ast.expr:
    """The model_fn inside of `replicate_model_fn`: on one device it is that."""
    note_towers(ctx, module, call)
    model_fn = first_argument(call, "model_fn")
    assert model_fn is not None
    return model_fn


def note_towers(ctx: Context, module: Module, call: ast.Call) -> None:
    """Says that a model is no longer replicated."""
    message = "the towers of several GPUs go: Keras replicates a model with keras.distribution.DataParallel"
    ctx.note("tower", "warning", module, call, message)
    ctx.lower_level("review")


def rule_text(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render, chosen: str = "") -> str:
    """A call converted by a rule with a template or a target."""
    ctx.lower_level(rule.level)
    if rule.level == "review":
        ctx.note(rule.id, "warning", module, call, rule.note)
    if rule.template and not chosen:
        bound = bound_or_refuse(ctx, module, rule, call)
        return ctx.use(module, fill(ctx, module, rule, rule.template, bound, render))
    made = chosen or target(ctx, module, rule, call)
    return ctx.use(module, call_text(made, [text for _, text in arguments(ctx, module, rule, call, render)]))


def surviving_call(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str | None:
    """A call of a name that TensorFlow still has: unchanged, or with its deprecated keywords renamed."""
    if not symbol.startswith("tensorflow."):
        return None
    name = symbol[len("tensorflow.") :]
    if name.startswith("keras.") or name.startswith("data."):
        return None
    table = surviving()
    if name.removeprefix("app.").startswith("flags.FLAGS."):
        return None  # a method of a flag's value
    if is_message_method(symbol):
        return None
    if name not in table:
        raise ctx.refuse("no-rule", call, module, f"there is no rule for `tf.{name}`")
    same = table[name]
    if same is None:
        return None
    keywords = {k.arg for k in call.keywords if k.arg}
    allowed = set(same["keywords"])  # type: ignore[call-overload]
    renamed = {k for k in keywords if k in SURVIVING_KEYWORDS and k not in allowed}
    unknown = keywords - allowed - renamed
    if len(call.args) > int(same["positional"]) or unknown:  # type: ignore[call-overload]
        what = f"argument `{sorted(unknown)[0]}`" if unknown else "the order of arguments"
        raise ctx.refuse("changed-signature", call, module, f"{what} of `tf.{name}` changed and has no rule")
    if not renamed:
        return None
    args = [render(a) for a in call.args]
    args += [f"{SURVIVING_KEYWORDS.get(k.arg or '', k.arg)}={render(k.value)}" for k in call.keywords]
    return call_text(render(call.func), args)


def rewrite_reference(ctx: Context, module: Module, node: ast.expr, symbol: str) -> str | None:
    """The text for a library symbol that is mentioned, not called; None when it stays."""
    if symbol in CONSTANTS:
        value = ctx.facts.value(node)
        hidden = isinstance(value, Symbol) and value.private and not isinstance(node, ast.Name)
        return repr(CONSTANTS[symbol]) if hidden else None
    if not symbol.startswith("tensorflow.") or ".flags.FLAGS." in symbol:
        return None
    if isinstance(node, ast.Name) and node.id not in imported_names(module):
        return None  # an alias of the program's own: what it is bound to is rewritten where it is bound
    rule = ctx.rules.find(symbol)
    if rule is not None and rule.kind == "refuse" and rule.id != "keras-model":
        raise ctx.refuse(rule.id, node, module, rule.note)
    renamed = rule is not None and rule.kind in ("rename", "initializer", "regularizer", "layer_class")
    if rule is not None and renamed and rule.target and rule.target != today(symbol):
        return ctx.use(module, rule.target)
    value = ctx.facts.value(node)
    moved = ".contrib." in ast.unparse(node) and not symbol.startswith("tensorflow.contrib.")
    if isinstance(value, Symbol) and (value.private or moved) and lives_on(symbol):
        return ctx.use(module, today(symbol))
    if symbol[len("tensorflow.") :] in surviving() and ".compat.v1." in ast.unparse(node):
        return ctx.use(module, today(symbol))
    if symbol.startswith("tensorflow.python."):
        raise ctx.refuse("private-name", node, module, f"`{symbol}` is private to TensorFlow and has no public name")
    if not is_there(symbol[len("tensorflow.") :]) and not has_rule(ctx, symbol) and not is_message_method(symbol):
        raise ctx.refuse("no-rule", node, module, f"there is no rule for `tf.{symbol[len('tensorflow.') :]}`")
    return None


def is_message_method(symbol: str) -> bool:
    """True for a method of a message's class, such as `tf.train.Example.FromString`: protobuf has it."""
    return symbol.rpartition(".")[0] in MESSAGES


def mode_key(ctx: Context, node: ast.AST) -> str | None:
    """The string that `ModeKeys.TRAIN`, `PredictionKeys.LOGITS` and their like are; None for other expressions."""
    if not isinstance(node, ast.Attribute):
        return None
    if node.attr == "name" and isinstance(node.value, ast.Call) and names_scope_in_message(ctx, node.value):
        return "''"
    holder = symbol_of(ctx, node.value)
    if holder is None or not holder.endswith((".ModeKeys", ".PredictionKeys", ".Reduction", ".signature_constants")):
        return None
    value = CONSTANTS.get(canonical(f"{holder}.{node.attr}"))
    return None if value is None else repr(value)


def names_scope_in_message(ctx: Context, call: ast.Call) -> bool:
    """True for `tf.get_variable_scope()` in a function that reads its name for the text of an exception alone."""
    if called_symbol(ctx, call) != "tensorflow.get_variable_scope":
        return False
    for definition in ctx.facts.frames:
        if call not in descendants(definition):
            continue
        stored = {
            target.id
            for node in every(definition, ast.Assign)
            if isinstance(node.value, ast.Attribute) and node.value.value is call
            for target in node.targets
            if isinstance(target, ast.Name) and node.value.attr == "name"
        }
        raised = {n for node in descendants(definition) if isinstance(node, ast.Raise) for n in descendants(node)}
        loads = [n for n in every(definition, ast.Name) if n.id in stored]
        loads = [n for n in loads if isinstance(n.ctx, ast.Load)]
        return bool(stored or call in raised) and all(n in raised for n in loads)
    return False
