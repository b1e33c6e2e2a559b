"""The train_op: which optimizer minimises which loss, with which clipping; and the builder that compiles the model."""

from __future__ import annotations

import ast
import dataclasses
import re
from typing import TYPE_CHECKING

from migrator.analysis.changes import PARAMS
from migrator.analysis.modes import Step, walk
from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import Const, Instance, Opaque, Result, Sequence, Stage, Symbol, Value, is_none, options
from migrator.emit.fragments import call_text
from migrator.lower.bodies import construction_lines, hand_schedules, optimizer_classes, rendering
from migrator.lower.bodies.staging import Staging
from migrator.lower.library import rewriting, steps
from migrator.lower.library.optimizer_calls import is_schedule
from migrator.lower.models import helper_ops, step_counts
from migrator.lower.models.model_parts import check_versions, is_expression
from migrator.lower.reading import class_lines, symbols
from migrator.lower.reading.context import Context, fresh
from migrator.lower.reading.definitions import parameter_roles
from migrator.lower.reading.python_calls import python_arguments
from migrator.lower.reading.shadows import local_names
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec import alternatives, create_train_op, gradients, optimize_loss, waiting
from migrator.lower.spec.train_ops import Clip, TrainOp, argument, obstacle
from migrator.lower.spec.update_ops import is_update_ops
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.source.module import Module


def train_ops(ctx: Context, module: Module, value: Value, where: ast.AST) -> list[TrainOp]:
    """The minimisations that a train_op value stands for; anything else refuses."""
    found = list(options(value))
    calls = {o.call for o in found if isinstance(o, Result)}
    if len(calls) == 1 and all(isinstance(o, Result) for o in found):
        first = found[0]
        assert isinstance(first, Result)
        if first.symbol in ("tensorflow.group", "tensorflow.tuple") and not first.part:
            ops: list[TrainOp] = []
            by_hand = 0
            for item in waiting.operations(ctx, first):
                if waiting.averages_go(ctx, item):
                    continue
                if counted := steps_counted(ctx, item):
                    by_hand += counted
                elif not is_update_ops(item):
                    ops += train_ops(ctx, module, item, first.call)
            if len(ops) < 2 and by_hand + step_counts.of_a_batch(ops) > 1:
                raise ctx.refuse("global-step", first.call, module, "a step counts more than once")
            if not ops and not by_hand:
                ops = behind(ctx, module, first, where)
            return [dataclasses.replace(ops[0], counts=ops[0].counts + by_hand), *ops[1:]] if by_hand and ops else ops
        if waiting.only_waits(first):
            return behind(ctx, module, first, where)
        return [one_train_op(ctx, module, [o for o in found if isinstance(o, Result)])]
    if calls and all(isinstance(o, Result) for o in found):
        ops = [op for option in found for op in train_ops(ctx, module, option, where)]
        ops = [op for index, op in enumerate(ops) if op.call not in {o.call for o in ops[:index]}]
        if len(ops) == 1:
            return ops  # the others wait for it
        if len(ops) >= len(calls):
            return [alternatives.one_of(ctx, module, ops)]
    message = f"the train_op is not a minimisation that can be followed{obstacle(found)}"
    raise ctx.refuse("train-op", where, module, message)


def behind(ctx: Context, module: Module, value: Result, where: ast.AST) -> list[TrainOp]:
    """The minimisations that an operation waits for: all that it is there for."""
    if waiting.average_of(value) is not None:
        waiting.check_averages(ctx, module, value)
    inputs = [i for i in waiting.waited_for(ctx, value) if waiting.minimised(i)]
    ops = [op for item in inputs for op in train_ops(ctx, module, item, where)]
    if not ops:
        message = f"a train_op made by `{value.symbol}` is not covered yet"
        raise ctx.refuse("train-op", value.call, value.module, message)
    return ops


def steps_counted(ctx: Context, value: Value) -> int:
    """How much `tf.assign_add(global_step, 1)` or `global_step.assign(global_step + 1)` adds; 0: it is none of them."""
    if isinstance(value, Result) and value.symbol in {f"{step}.assign" for step in GLOBAL_STEPS}:
        return int(len(value.call.args) == 1 and is_next_step(ctx, value.module, value.call, value.call.args[0]))
    if not isinstance(value, Result) or value.symbol != "tensorflow.assign_add":
        return 0
    counter = value.bound.get("ref", value.bound.get("0"))
    amount = value.bound.get("value", value.bound.get("1"))
    counted = isinstance(counter, Result) and counter.symbol in GLOBAL_STEPS and not counter.part
    added = amount.value if isinstance(amount, Const) else None
    return added if counted and isinstance(added, int) and added > 0 else 0


def is_next_step(ctx: Context, module: Module, call: ast.Call, node: ast.expr) -> bool:
    """True for `global_step + 1`, or a name that is bound to it alone."""
    if isinstance(node, ast.Name):
        around = [f for f in every(module.tree, ast.FunctionDef) if call in descendants(f)]
        function = max(around, key=lambda f: f.lineno, default=None)
        bound = [
            s.value
            for s in (descendants(function) if function is not None else ())
            if isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in s.targets)
        ]
        return len(bound) == 1 and not isinstance(bound[0], ast.Name) and is_next_step(ctx, module, call, bound[0])
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
        return False
    one = isinstance(node.right, ast.Constant) and node.right.value == 1
    return one and steps.is_global_step(ctx, node.left)


def one_train_op(ctx: Context, module: Module, results: list[Result]) -> TrainOp:
    """The minimisation of `optimizer.minimize(...)` or `optimizer.apply_gradients(...)`."""
    first = results[0]
    call = first.call
    if first.symbol == optimize_loss.SYMBOL:
        return optimize_loss.train_op(ctx, module, call)
    if first.symbol in create_train_op.SYMBOLS:
        return all_or_some(ctx, create_train_op.train_op(ctx, module, call, first.symbol))
    if first.symbol not in ("optimizer.minimize", "optimizer.apply_gradients") or not isinstance(
        call.func, ast.Attribute
    ):
        raise ctx.refuse("train-op", call, module, f"a train_op made by `{first.symbol}` is not covered yet")
    optimizer_value = ctx.facts.value(call.func.value) or Opaque(Stage.STATIC)
    step = argument(call, first.symbol, "global_step")
    counts = int(step is not None)
    if step is not None and not steps.is_global_step(ctx, step):
        raise ctx.refuse(
            "global-step", call, module, "the minimisation counts in another variable than the global step"
        )
    for name in ("grad_loss", "grad_ys", "stop_gradients"):
        changes_gradients(ctx, module, first, name)
    if any(isinstance(o, Instance) for o in options(optimizer_value)):
        counts = 0  # a class of the program's own, which does not count: one that reads the step is refused
    if first.symbol == "optimizer.minimize":
        loss = argument(call, first.symbol, "loss")
        assert loss is not None
        variables = argument(call, first.symbol, "var_list")
        return all_or_some(ctx, TrainOp(call, call.func.value, optimizer_value, loss, variables, None, counts))
    source, clip = gradients.gradients(ctx, first.module, call, argument(call, first.symbol, "grads_and_vars"))
    name = source.symbol
    loss = argument(source.call, name, "loss" if name.startswith("optimizer.") else "ys")
    variables = argument(source.call, name, "var_list" if name.startswith("optimizer.") else "xs")
    assert loss is not None
    for given in ("grad_loss", "grad_ys", "stop_gradients"):
        changes_gradients(ctx, module, source, given)
    if isinstance(ctx.facts.value(loss), Sequence):
        raise ctx.refuse("gradients", source.call, module, "the gradients are those of several values")
    return all_or_some(ctx, TrainOp(call, call.func.value, optimizer_value, loss, variables, clip, counts))


def changes_gradients(ctx: Context, module: Module, made: Result, name: str) -> None:
    """Refuse an argument by which gradients are others than those of the loss."""
    given = made.bound.get(name)
    if given is not None and is_none(given) is not True:
        raise ctx.refuse("gradients", made.call, module, f"`{name}` changes the gradients")


def all_or_some(ctx: Context, op: TrainOp) -> TrainOp:
    """A minimisation whose variables are named only where they are not all the trainable ones."""
    named = op.variables is not None and not all_trainable(ctx.facts.value(op.variables, "train"))
    return op if named else dataclasses.replace(op, variables=None)


def all_trainable(value: Value | None) -> bool:
    """True for tf.trainable_variables() without a scope."""
    return isinstance(value, Result) and value.symbol == "tensorflow.trainable_variables" and not value.bound


def loss_imports(parts: ModelParts) -> set[str]:
    """Names that the minimised losses take from the forward pass."""

    found: set[str] = set()
    for op in plan(parts):
        st = parts.staging(frozenset({"train"}))
        provided = parts.provided()
        slice_steps(st.steps, st.loads_call(op.loss), st.loads_call, lambda step: False, provided)
        check_versions(parts, st, provided)
        found |= provided.keys()
    return found


def plan(parts: ModelParts) -> list[TrainOp]:
    """The minimisations of the TRAIN spec."""
    fields = parts.fields.get("train")
    if fields is None or "train_op" not in fields.expressions:
        return []
    found = train_ops(parts.ctx, parts.module, fields.values["train_op"], fields.expressions["train_op"])
    return [helper_ops.placed(parts, op) for op in found]


def factory(parts: ModelParts, op: TrainOp) -> tuple[str, str]:
    """(source of a function that returns the optimizer, the call of it) for a helper that made the train_op."""

    ctx, helper = parts.ctx, op.helper
    assert helper is not None and op.helper_call is not None
    module = ctx.facts.frames[helper][0].module
    roles = parameter_roles(ctx, module, helper)
    st = Staging(ctx, module, helper, roles, modes=frozenset({"train"}), is_model=True)
    name = helper.name.replace("train_op", "optimizer")
    if "optimizer" not in helper.name:
        name = ctx.top_level_name(module, name if name != helper.name else f"{helper.name}_optimizer")
    lines, text = sliced_optimizer(parts, st, op, "    ")
    static = [p for p in class_lines.parameter_order(helper) if roles[p] == "static"]
    used = [p for p in static if any(_mentions(line, p) for line in [*lines, text])]
    head = class_lines.def_line(name, class_lines.signature(helper, module, used, st), "")
    doc = class_lines.documentation(helper)
    shown = [*head, *(class_lines.docstring(st, doc, "    ") if doc else []), *lines]
    shown += rendering.wrapped("    return ", text, "")

    given = python_arguments(ctx, parts.module, helper, op.helper_call)
    outer = builder_staging(parts)
    arguments = [outer.static_text(given[p]) for p in used if p in given]
    func = op.helper_call.func
    prefix = f"{module_prefix(parts, func)}"
    if module.path != parts.module.path and not prefix:
        ctx.imports.setdefault(parts.module.path, set()).add(f"{module.path}:{name}")
    ctx.factories[helper] = ("\n".join(shown), name)
    return f"{prefix}{name}({', '.join(arguments)})", name


def module_prefix(parts: ModelParts, func: ast.expr) -> str:
    """`train.` of a call `train.make_train_op(...)`."""
    return f"{parts.module.segment(func.value)}." if isinstance(func, ast.Attribute) else ""


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}\b(?!=[^=])", text) is not None


# --------------------------------------------------------------------------------------------------------- builder
def builder_staging(parts: ModelParts) -> Staging:
    """The TRAIN body as the builder sees it: names stay names, nothing is an attribute."""
    st = Staging(
        parts.ctx,
        parts.module,
        parts.node,
        parts.st.roles,
        parts.st.self_name,
        at_hand=True,
        modes=frozenset({"train"}),
        is_model=True,
        base=parts.st,
    )
    st.captured = {}
    st.taken = set(parts.st.taken)
    return st


def optimizer_lines(parts: ModelParts, op: TrainOp, indent: str = "    ") -> tuple[list[str], str]:
    """(statements that prepare the optimizer, the expression that is it)."""
    if op.helper is not None:
        if PARAMS in parts.ctx.facts.inputs_changed:
            message = "the params are changed before a function makes the optimizer from them"
            raise parts.ctx.refuse("argument-change", op.call, parts.module, message)
        return [], factory(parts, op)[0]
    return sliced_optimizer(parts, builder_staging(parts), op, indent)


def sliced_optimizer(parts: ModelParts, st: Staging, op: TrainOp, indent: str) -> tuple[list[str], str]:
    """The static slice of a body that makes the optimizer."""
    ctx = parts.ctx
    ctx.clipping = [(op.clip.argument, amount_text(st, op.clip))] if op.clip is not None else []
    functions: list[str] = []
    for rate, call in computed_rates(ctx, st, op):
        function, st.overrides[rate] = hand_schedules.function_lines(st, rate, call, indent)
        ctx.computed_rates.add(rate)
        functions += function
    for call in own_classes(ctx, st):
        if ctx.clipping:
            st.appended[call] = [f"{name}={amount}" for name, amount in ctx.clipping]
    st.begin_method()
    for given, made_by in op.held:
        st.overrides[given] = st.static_text(made_by)
    held = dict(op.held)

    def loads(node: ast.AST) -> set[str]:
        return st.loads_static(held.get(node, node))  # type: ignore[call-overload]

    live = st.loads_static(op.optimizer) if not held else {op.held_by}
    if op.rate is not None:
        is_schedule(ctx, parts.module, op.rate)
        live |= st.loads_static(op.rate)
    if op.clip is not None:
        live |= st.loads_static(op.clip.amount) | (st.loads_static(op.clip.test[0]) if op.clip.test else set())
    needed, start = slice_steps(st.steps, live, loads, lambda step: False)
    needed -= {step for step in walk(st.steps) if step in needed and only_wraps(parts, step)}
    for step in walk(st.steps):
        if step in needed and step.kind == "simple" and getattr(step.node, "value", None) not in held:
            refuse_late(parts, step)
    own = local_names(st.node) - st.roles.keys()  # read before it is set, it raises here as it did there
    for name in sorted(start - own):
        if st.roles.get(name) not in ("static",):
            raise ctx.refuse("unbound", op.call, parts.module, f"the optimizer depends on `{name}`")
    lines = [*functions, *rendering.compact(construction_lines.static_block(st, st.steps, needed, indent, 0, set()))]
    if held:
        name = fresh("optimizer", {n for line in lines for n in re.findall(r"\w+", line)})
        ctx.clipping = []
        return [re.sub(rf"^(\s*){op.held_by} = ", rf"\1{name} = ", line) for line in lines], name
    text = st.static_text(op.optimizer)
    if op.rate is not None:
        made = "support.named_row_optimizer" if ctx.sparse_gradients else "support.named_optimizer"
        clipping = [f"{name}={amount}" for name, amount in ctx.clipping]
        ctx.clipping = []
        return lines, ctx.use(st.module, call_text(made, [text, st.static_text(op.rate), *clipping]))
    ctx.clipping = []
    if isinstance(op.optimizer, ast.Name):
        prefix = f"{indent}{op.optimizer.id} = "
        at = next((i for i in range(len(lines) - 1, -1, -1) if lines[i].startswith(prefix)), None)
        if at is not None and sum(line.startswith(prefix) for line in lines) == 1:
            tail = "\n".join([lines[at][len(prefix) :], *lines[at + 1 :]])

            comments = at > 0 and lines[at - 1].lstrip().startswith("#")
            if is_expression(tail) and not comments and "#" not in tail:
                return lines[:at], tail
    return lines, text


def amount_text(st: Staging, clip: Clip) -> str:
    """By how much gradients are clipped; None in the runs that do not clip."""
    amount = st.static_text(clip.amount)
    if clip.test is None:
        return amount
    test = st.static_text(clip.test[0])
    return f"{amount} if {test} else None" if clip.test[1] else f"None if {test} else {amount}"


def computed_rates(ctx: Context, st: Staging, op: TrainOp) -> list[tuple[ast.expr, ast.Call]]:
    """The rates that are computed from the step by hand, with the calls that make an optimizer with them."""
    found: list[tuple[ast.expr, ast.Call]] = []
    if op.rate is not None and hand_schedules.is_computed(st, op.rate):
        found.append((op.rate, op.call))
    for call in descendants(st.node):
        if not isinstance(call, ast.Call) or not makes_optimizer(ctx, call):
            continue
        for given in (*call.args, *(k.value for k in call.keywords)):
            if hand_schedules.is_computed(st, given):
                found.append((given, call))
    return found


def own_classes(ctx: Context, st: Staging) -> list[ast.Call]:
    """The calls in a body that construct an optimizer of the program's own; their classes are written anew."""
    found: list[ast.Call] = []
    for call in descendants(st.node):
        if not isinstance(call, ast.Call):
            continue
        for cls in optimizer_classes.constructed(ctx, call):
            ctx.classes[cls.node] = optimizer_classes.class_text(ctx, cls)
            found.append(call)
    return found


def makes_optimizer(ctx: Context, call: ast.Call) -> bool:
    """True for the construction of an optimizer."""
    for callee in ctx.facts.callees.get(call, []):
        for option in options(callee):
            rule = ctx.rules.find(option.name) if isinstance(option, Symbol) else None
            if rule is not None and rule.kind == "optimizer":
                return True
    return bool(optimizer_classes.constructed(ctx, call))


def only_wraps(parts: ModelParts, step: Step) -> bool:
    """True for `optimizer = CrossShardOptimizer(optimizer)` and the like: on one device it is the optimizer itself."""
    node = step.node
    if step.kind != "simple" or not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
        return False
    symbol = symbols.called_symbol(parts.ctx, node.value)
    if symbol not in rewriting.WRAPPERS:
        return False
    inner = rewriting.unwrapped(parts.ctx, parts.module, node.value, symbol)
    return isinstance(inner, ast.Name) and all(isinstance(t, ast.Name) and t.id == inner.id for t in node.targets)


def refuse_late(parts: ModelParts, step: Step) -> None:
    """Refuse what the builder cannot run before data arrives."""
    node = step.node
    value = getattr(node, "value", None)
    if value is not None and parts.ctx.facts.stage(value) > Stage.STATIC:
        raise parts.ctx.refuse(
            "hand-written-schedule", node, parts.module, "the optimizer depends on values computed in the graph"
        )
