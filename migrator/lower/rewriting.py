"""Library symbols in expressions: what each becomes by its rule, with arguments converted."""

from __future__ import annotations

import ast
from collections.abc import Callable

from migrator.analysis.modes import ALL, mode_condition
from migrator.analysis.signatures import CONSTANTS
from migrator.analysis.values import Const, Function, Result, Sequence, Symbol, Value, options
from migrator.emit.fragments import Renderer, call_text
from migrator.lower import cell_dropout, cells, partials, shared_draws
from migrator.lower.context import Context
from migrator.lower.namespaces import is_there
from migrator.rulebook import Refusal as BindRefusal
from migrator.rulebook import Rule, bind, default_source, target_of
from migrator.source.module import Module
from migrator.source.names import SURVIVING_KEYWORDS, canonical, surviving
from migrator.source.syntax import descendants

Render = Callable[[ast.AST], str]

CROSS_SHARD = "tensorflow.tpu.CrossShardOptimizer"


def symbol_of(ctx: Context, node: ast.AST) -> str | None:
    """The library symbol that an expression surely is, or None."""
    value = ctx.facts.value(node)
    if isinstance(value, Symbol):
        return value.name
    return None


def called_symbol(ctx: Context, call: ast.Call) -> str | None:
    """The library symbol that a call surely calls."""
    found = {o.name if isinstance(o, Symbol) else None for v in ctx.facts.callees.get(call, []) for o in options(v)}
    return found.pop() if len(found) == 1 else None


def rewrite_call(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str | None:
    """The text that replaces a library call, or None when it stays as it is."""
    if symbol == CROSS_SHARD:
        return render(sharded(ctx, module, call))
    if symbol.startswith(cells.HOMES):
        return cell_dropout.rewritten(ctx, module, call, symbol, render)
    rule = ctx.rules.find(symbol)
    if rule is None:
        return surviving_call(ctx, module, call, symbol, render)
    match rule.kind:
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
        case "optimizer":
            from migrator.lower.optimizer import optimizer_text

            return optimizer_text(ctx, module, rule, call, render)
        case "drop":
            raise ctx.refuse(rule.id, call, module, f"`{symbol}` has no value in Keras")
        case "metric" | "layer":
            raise ctx.refuse(rule.id, call, module, f"`{symbol}` stands where only its own kind of statement can")
    return rule_text(ctx, module, rule, call, render)


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


def bound_or_refuse(ctx: Context, module: Module, rule: Rule, call: ast.Call) -> dict[str, ast.expr]:
    """The call's arguments by legacy name; what cannot be told apart refuses the unit."""
    layers = ("then",) if rule.kind == "layer" else ()
    bound = bind(rule, partials.written_out(ctx, module, call), ("choose", "or", *layers))
    if isinstance(bound, BindRefusal):
        raise ctx.refuse(rule.id, call, module, bound.reason)
    return bound


def target(ctx: Context, module: Module, rule: Rule, call: ast.Call) -> str:
    """The target of a call: the rule's, or the one that an argument's literal value chooses."""
    if rule.signature is None:
        return rule.target or ""
    found = target_of(rule, bound_or_refuse(ctx, module, rule, call))
    if isinstance(found, BindRefusal):
        raise ctx.refuse(rule.id, call, module, found.reason)
    return found


def arguments(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render) -> list[tuple[str, str]]:
    """The target's arguments as (name, text), in the rule's order; leading ones stay positional where they were."""
    call = partials.written_out(ctx, module, call)
    bound = bound_or_refuse(ctx, module, rule, call)
    note_dropped_arguments(ctx, module, rule, bound)
    positional = {id(a): place for place, a in enumerate(call.args)}
    found: list[tuple[str, str]] = []
    leading, place = True, -1
    for argument in rule.args:
        source = bound.get(argument.source or "") or bound.get(argument.alternative or "")
        if found and positional.get(id(source)) != place + 1:
            leading = False  # an argument between them is not written
        place = positional.get(id(source), -1)
        if argument.name == "momentum" and ctx.frozen_norms and rule.kind in ("layer", "layer_class"):
            found.append(("momentum", "momentum=1.0"))
            leading = False
            continue
        if source is None:
            if argument.default is not None:
                found.append((argument.name, f"{argument.name}={argument.default}"))
            leading = False
            continue
        if argument.converter == "regularizer" and not ctx.regularised:
            ctx.note(
                "regularizer-unused", "info", module, source, "the regulariser was never added to the loss: dropped"
            )
            continue
        trained = in_training(ctx, source) if argument.name == "trainable" else None
        # only training tells what is trainable
        text = convert(ctx, module, rule, argument.converter, source, render) if trained is None else str(trained)
        if argument.omit is not None and plain(text) == plain(argument.omit):
            leading = False
            continue
        if argument.name == "name" and (text == "None" or "/" in text):
            continue
        if leading and id(source) in positional:
            found.append((argument.name, text))
        else:
            leading = False
            found.append((argument.name, f"{argument.name}={text}"))
    return found


def in_training(ctx: Context, node: ast.expr) -> bool | None:
    """What an expression that depends on the mode alone is in training; None for any other expression.

    None too where the program asks which variables are trainable: the answer depends on the mode then.
    """
    symbols = (getattr(v, "symbol", "") for by_mode in ctx.facts.values.values() for v in by_mode.values())
    if not isinstance(node, ast.Constant) and "tensorflow.trainable_variables" in symbols:
        return None
    holds = mode_condition(ctx.facts, node, ALL) if not isinstance(node, ast.Constant) else None
    return None if holds is None or holds in (ALL, frozenset()) else "train" in holds


def note_dropped_arguments(ctx: Context, module: Module, rule: Rule, bound: dict[str, ast.expr]) -> None:
    """A finding for each argument of a Keras layer that people expect to count and that did not."""
    if rule.kind != "layer_class":
        return
    for name in rule.drop:
        given = bound.get(name)
        if given is None or isinstance(given, ast.Constant) and given.value in (None, True):
            continue
        if name.endswith("_regularizer"):
            message = "the regulariser of a Keras layer was never added to the loss: dropped"
            ctx.note("regularizer-unused", "warning", module, given, message)
        elif name == "trainable":
            message = "`trainable` did not keep the optimizer from training the variables of a Keras layer: dropped"
            ctx.note("trainable-unused", "warning", module, given, message)


def plain(text: str) -> str:
    """Text with one spelling of quotes and no spaces, to compare short sources."""
    return text.replace('"', "'").replace(" ", "")


def convert(ctx: Context, module: Module, rule: Rule, converter: str | None, node: ast.expr, render: Render) -> str:
    """The text of one argument after its converter."""
    text = render(node)
    match converter:
        case None:
            return text
        case "activation":
            return activation(ctx, node, text)
        case "padding":
            return text.lower() if isinstance(node, ast.Constant) else text
        case "data_format" | "dtype":
            return text
        case "initializer" | "regularizer":
            name = symbol_of(ctx, node)
            found = ctx.rules.find(name) if name else None
            if found is not None and found.target:
                return ctx.use(module, found.target)
            return shared_draws.own_draw(ctx, module, node, text) if converter == "initializer" else text
        case "one_minus":
            return one_minus(node, text)
    if converter == "{} is not None" and (there := surely_there(ctx, node)) is not None:
        return str(there)
    if "{}" in converter:
        return template_over(converter, text)
    raise ctx.refuse(rule.id, node, module, f"no converter `{converter}`")


def surely_there(ctx: Context, node: ast.expr) -> bool | None:
    """Whether an argument is something else than None, where that shows: a literal, or an initializer."""
    if isinstance(node, ast.Constant):
        return node.value is not None
    value = ctx.facts.value(node)
    rule = ctx.rules.find(value.symbol) if isinstance(value, Result) and not value.part else None
    return True if rule is not None and rule.kind == "initializer" else None


def activation(ctx: Context, node: ast.expr, text: str) -> str:
    """An activation argument: the short Keras name where the function has one; a text names one of tf.keras."""
    name = symbol_of(ctx, node)
    value = ctx.facts.value(node)
    if isinstance(value, Const) and isinstance(value.value, str):
        found = ctx.rules.find(f"tensorflow.keras.activations.{value.value}")
        if found is not None and found.kind == "activation" and not found.short:
            return str(found.target)
        return text
    rule = ctx.rules.find(name) if name else None
    if rule is not None and rule.kind == "activation":
        return f"'{rule.short}'" if rule.short else str(rule.target)
    return text


def one_minus(node: ast.expr, text: str) -> str:
    """`1 - x`, computed for a literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return repr(round(1 - node.value, 12))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        if isinstance(node.left, ast.Constant) and node.left.value in (1, 1.0):
            return text.split("-", 1)[1].strip()
    return template_over("1 - {}", text)


def template_over(template: str, text: str) -> str:
    """A one-place template filled with text, in parentheses where precedence needs them."""
    source = template.replace("{}", "_")
    module = Module("", source, ast.parse(source))
    expression = module.tree.body[0].value  # type: ignore[attr-defined]

    def rewrite(node: ast.AST) -> str | None:
        return text if isinstance(node, ast.Name) and node.id == "_" else None

    return Renderer(module, rewrite).expression(expression)


def fill(
    ctx: Context, module: Module, rule: Rule, template: str, bound: dict[str, ast.expr], render: Render, **extra: str
) -> str:
    """A template over legacy arguments; an omitted one is written as its legacy default."""
    source = template.replace("{", "_p_").replace("}", "_q_")
    parsed = Module("", source, ast.parse(source))
    expression = parsed.tree.body[0].value  # type: ignore[attr-defined]

    def rewrite(node: ast.AST) -> str | None:
        if not (isinstance(node, ast.Name) and node.id.startswith("_p_")):
            return None
        name = node.id[3:-3]
        if name in extra:
            return extra[name]
        if name in bound:
            return render(bound[name])
        default = default_source(rule, name)
        if default is None:
            raise ctx.refuse(rule.id, next(iter(bound.values()), ast.Pass()), module, f"argument `{name}` is missing")
        return default

    return Renderer(parsed, rewrite).expression(expression)


def loss_text(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render) -> str:
    """The scalar expression of a tf.losses call, for its weights and reduction."""
    bound = bound_or_refuse(ctx, module, rule, call)
    reduction = loss_reduction(ctx, module, rule, bound)
    weights = bound.get(rule.weights_arg) if rule.weights_arg else None
    outputs = bound.get(rule.inputs[-1])
    if outputs is not None and activated_logits(ctx, rule, outputs):
        render = apart(ctx, module, outputs, render)
    if unit_weight(weights) and reduction == "weighted_sum_by_nonzero_weights" and rule.template:
        return ctx.use(module, fill(ctx, module, rule, rule.template, bound, render))
    if rule.elementwise is None:
        raise ctx.refuse(rule.id, call, module, "weights or reduction of this loss are not measured")
    losses = fill(ctx, module, rule, rule.elementwise, bound, render)
    table = rule.unweighted if unit_weight(weights) else rule.weighted
    if reduction not in table:
        raise ctx.refuse(rule.id, call, module, f"the loss reduction {reduction} is not known")
    scalar = isinstance(weights, ast.Constant) and not unit_weight(weights)
    if scalar and weights is not None:
        text = fill(ctx, module, rule, rule.unweighted[reduction], bound, render, losses=losses)
        if reduction != "weighted_mean":
            text = f"{render(weights)} * {text}"
        return ctx.use(module, text)
    shown = render(weights) if weights is not None else "1.0"
    return ctx.use(module, fill(ctx, module, rule, table[reduction], bound, render, losses=losses, weights=shown))


PROBABILITIES = ("softmax", "sigmoid")


def activated_logits(ctx: Context, rule: Rule, node: ast.expr) -> bool:
    """True when what a loss takes for logits may come out of a softmax or sigmoid, in a program that applies it twice.

    Keras' losses with `from_logits=True` look behind such a result and take what went into it (measured, Keras 3.15).
    """
    if "from_logits=True" not in (rule.template or rule.elementwise or ""):
        return False
    value = ctx.facts.value(node)
    return value is not None and any(may_activate(ctx, option) for option in options(value))


def may_activate(ctx: Context, value: Value) -> bool:
    """True for the result of a softmax or sigmoid, and of a layer that may end with one."""
    if not isinstance(value, Result):
        return False
    name = value.symbol.removesuffix("()").rsplit(".", 1)[-1]
    if name in PROBABILITIES:
        return True
    made = value.bound.get("self") if value.symbol.endswith("()") else value
    if not isinstance(made, Result):
        return False
    rule = ctx.rules.find(made.symbol)
    if rule is None or rule.kind not in ("layer", "layer_class"):
        return False
    if "*" in rule.weights:
        layers = made.bound.get("layers")
        if not isinstance(layers, Sequence) or not layers.items:
            return True  # added one by one
        return may_end(layers.items[-1])
    return may_end(made)


def may_end(layer: Value) -> bool:
    """True when a layer's activation is a softmax or sigmoid, or not known."""
    if not isinstance(layer, Result):
        return True
    name = layer.symbol.rsplit(".", 1)[-1]
    activation = layer.bound.get("activation", layer.bound.get("activation_fn"))
    if activation is None:
        return name in ("Softmax", "Activation", "Lambda")
    for option in options(activation):
        if isinstance(option, Const):
            if option.value in PROBABILITIES:
                return True
        elif not isinstance(option, Symbol) or option.name.rsplit(".", 1)[-1] in PROBABILITIES:
            return True
    return False


def apart(ctx: Context, module: Module, node: ast.expr, render: Render) -> Render:
    """Renders an expression as a result of its own, behind which Keras does not look."""
    return lambda inner: ctx.use(module, f"tf.identity({render(inner)})") if inner is node else render(inner)


def loss_reduction(ctx: Context, module: Module, rule: Rule, bound: dict[str, ast.expr]) -> str:
    """The reduction of a tf.losses call; one that is only known at run time refuses."""
    node = bound.get(rule.reduction_arg) if rule.reduction_arg else None
    if node is None:
        return "weighted_sum_by_nonzero_weights"
    value = ctx.facts.value(node)
    if isinstance(value, Symbol) and ".Reduction." in value.name:
        name = value.name.rsplit(".", 1)[1].lower()
        return {"sum_by_nonzero_weights": "weighted_sum_by_nonzero_weights", "none": "none"}.get(
            name, f"weighted_{name}"
        )
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    raise ctx.refuse(rule.id, node, module, "the loss reduction is only known at run time")


def unit_weight(node: ast.expr | None) -> bool:
    """True when a weights argument is absent or the literal one."""
    return node is None or (isinstance(node, ast.Constant) and node.value in (1, 1.0))


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
    if rule is not None and rule.kind == "refuse":
        raise ctx.refuse(rule.id, node, module, rule.note)
    renamed = rule is not None and rule.kind in ("rename", "initializer", "regularizer", "layer_class")
    if rule is not None and renamed and rule.target and rule.target != today(symbol):
        return ctx.use(module, rule.target)
    value = ctx.facts.value(node)
    if isinstance(value, Symbol) and value.private and lives_on(symbol):
        return ctx.use(module, today(symbol))
    if symbol[len("tensorflow.") :] in surviving() and ".compat.v1." in ast.unparse(node):
        return ctx.use(module, today(symbol))
    if symbol.startswith("tensorflow.python."):
        raise ctx.refuse("private-name", node, module, f"`{symbol}` is private to TensorFlow and has no public name")
    if not is_there(symbol[len("tensorflow.") :]) and not has_rule(ctx, symbol):
        raise ctx.refuse("no-rule", node, module, f"there is no rule for `tf.{symbol[len('tensorflow.') :]}`")
    return None


def has_rule(ctx: Context, symbol: str) -> bool:
    """True when a rule covers a name, or what the name is looked up in."""
    parts = symbol.split(".")
    return any(ctx.rules.find(".".join(parts[:size])) for size in range(2, len(parts) + 1))


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
            for node in descendants(definition)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.value is call
            for target in node.targets
            if isinstance(target, ast.Name) and node.value.attr == "name"
        }
        raised = {n for node in descendants(definition) if isinstance(node, ast.Raise) for n in descendants(node)}
        loads = [n for n in descendants(definition) if isinstance(n, ast.Name) and n.id in stored]
        loads = [n for n in loads if isinstance(n.ctx, ast.Load)]
        return bool(stored or call in raised) and all(n in raised for n in loads)
    return False


def today(symbol: str) -> str:
    """A canonical name as today's code writes it."""
    return "tf." + symbol[len("tensorflow.") :]


def lives_on(symbol: str) -> bool:
    """True for a canonical name that today's TensorFlow has, whatever its arguments are now."""
    rest = symbol[len("tensorflow.") :]
    return rest in surviving() or rest.startswith(("keras.", "data."))


def imported_names(module: Module) -> set[str]:
    """Names that the file's import statements bind."""
    found = module.__dict__.get("_imported_names")
    if found is None:
        nodes = [n for n in descendants(module.tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
        found = {(a.asname or a.name).split(".")[0] for n in nodes for a in n.names}
        module.__dict__["_imported_names"] = found
    return set(found)


def function_value(ctx: Context, node: ast.AST) -> list[Function]:
    """The project functions that an expression may be."""
    value = ctx.facts.value(node)
    return [o for o in options(value) if isinstance(o, Function)] if value is not None else []
