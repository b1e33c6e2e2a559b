"""Models that begin with the variables of a checkpoint: `tf.train.init_from_checkpoint`, in a scaffold_fn or not."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING

from migrator.analysis.modes import Specialiser, Step, walk
from migrator.analysis.values import Function, Result, Sequence, Symbol, Value, is_none, options
from migrator.lower.bodies import rendering, weights
from migrator.lower.bodies.checkpoint_starts import init_calls, is_init_call, is_start, needs_names
from migrator.lower.bodies.staging import Staging
from migrator.lower.library import legacy_names
from migrator.lower.models.model_parts import known
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec import restoring
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import Fields, ModelParts
    from migrator.lower.reading.context import Context

TRAINABLE = "tensorflow.trainable_variables"
SCAFFOLDS = frozenset({"tensorflow.train.Scaffold", "tensorflow.compat.v1.train.Scaffold"})
# how many checkpoints are kept, and how they are written
REPORTING = ("logging.info", "logging.warn", "logging.warning", "logging.debug", "logging.error", "print")
KEEPING = frozenset(
    {"max_to_keep", "keep_checkpoint_every_n_hours", "name", "sharded", "save_relative_paths", "pad_step_number"}
)


# --------------------------------------------------------------------------------------------------------- scaffolds
def check_scaffold(parts: ModelParts, fields: Fields, field: str) -> None:
    """Refuse a Scaffold that does more than saving, and a scaffold_fn that does more than read a checkpoint."""
    node = fields.expressions[field]
    value = fields.values.get("scaffold")
    if value is None or not all(plain_scaffold(parts.ctx, option) for option in options(value)):
        message = "a Scaffold initialises or restores the graph by hand"
        raise parts.ctx.refuse(f"spec-{field.replace('_', '-')}", node, parts.module, message)
    if field == "scaffold_fn":
        for function in scaffold_functions(parts):
            if not is_scaffold_function(parts.ctx, function):
                message = "the scaffold_fn does more than start from a checkpoint"
                raise parts.ctx.refuse("spec-scaffold-fn", node, parts.module, message)
    parts.ctx.note("scaffold", "info", parts.module, node, "the Scaffold goes: Keras opens no session")


def plain_scaffold(ctx: Context, value: Value) -> bool:
    """True for None, and for a Scaffold that says at most how checkpoints are kept, or runs initialisers as usual."""
    if is_none(value) is True:
        return True
    if isinstance(value, Function) and isinstance(value.node, ast.FunctionDef):
        return is_scaffold_function(ctx, value.node)  # that of a TPU, given where TensorFlow 1 would have refused it
    if not isinstance(value, Result) or value.symbol not in SCAFFOLDS or value.part:
        return False
    for name, given in value.bound.items():
        if is_none(given) is True:
            continue
        if name == "saver" and all(plain_saver(o) for o in options(given)):
            continue
        if name in ("local_init_op", "init_op", "ready_op", "ready_for_local_init_op") and initialises(ctx, given):
            continue
        if name == "summary_op" or (name == "init_fn" and restores(ctx, given)):
            continue
        return False
    return True


def restores(ctx: Context, value: Value) -> bool:
    """True for an `init_fn` that does nothing but read a checkpoint."""
    for option in options(value):
        node = option.node if isinstance(option, Function) else None
        if isinstance(node, ast.Lambda):
            if not isinstance(node.body, ast.Call) or not restoring.restores_alone(ctx, node):
                return False
        elif is_none(option) is not True and not (
            isinstance(node, ast.FunctionDef) and is_scaffold_function(ctx, node)
        ):
            return False
    return True


def plain_saver(value: Value) -> bool:
    """True for a Saver of all variables."""
    if not isinstance(value, Result) or value.symbol != "tensorflow.train.Saver":
        return False
    return all(name in KEEPING or is_none(given) is True for name, given in value.bound.items())


def initialises(ctx: Context, value: Value) -> bool:
    """True for an operation that only runs initialisers."""
    for option in options(value):
        if isinstance(option, Sequence):
            if not all(initialises(ctx, item) for item in option.items):
                return False
            continue
        rule = ctx.rules.find(option.symbol) if isinstance(option, Result) else None
        if isinstance(option, Result) and option.symbol == "tensorflow.group":
            if not all(initialises(ctx, v) for k, v in option.bound.items() if k != "name"):
                return False
        elif rule is None or rule.id != "variable-initializers":
            return False
    return True


def scaffold_functions(parts: ModelParts) -> list[ast.FunctionDef]:
    """The functions of the model_fn's own body that its specs are, or would be, given as scaffold_fn."""
    inside = set(descendants(parts.node))
    found = [
        node
        for node in every(parts.node, ast.FunctionDef)
        if node is not parts.node
        and any(is_start(parts.ctx, n) for n in every(node, ast.stmt))
        and is_scaffold_function(parts.ctx, node)
    ]
    for fields in parts.fields.values():
        value = fields.values.get("scaffold_fn")
        for option in options(value) if value is not None else ():
            if isinstance(option, Function) and isinstance(option.node, ast.FunctionDef) and option.node in inside:
                found += [option.node] if option.node not in found else []
    return found


def is_scaffold_function(ctx: Context, function: ast.FunctionDef) -> bool:
    """True for a function without parameters that starts from checkpoints, says so, and returns at its end."""
    for node in descendants(function):
        if isinstance(node, ast.Return) and node is not function.body[-1]:
            return False
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not is_start(ctx, node):
            if not ast.unparse(node.value.func).endswith(REPORTING):
                return False
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.Yield, ast.Lambda, ast.Delete)):
            return False
    return restoring.only_session(ctx, function)


# ------------------------------------------------------------------------------------------------------------- start


def begin_method(parts: ModelParts) -> list[str]:
    """`begin`, which gives the built model its first values; empty where it begins as it is initialised."""

    ctx = parts.ctx
    calls = init_calls(ctx)
    if not calls:
        return []
    modes = frozenset({"train" if "train" in parts.fields else sorted(parts.fields)[0]})
    st = Staging(ctx, parts.module, parts.node, parts.st.roles, modes=modes, is_model=True, base=parts.st)
    st.named_variables = True
    functions = scaffold_functions(parts)
    steps = inlined(ctx, st.steps, functions, modes)
    reached = [step for step in walk(steps) if is_start(ctx, step.node)]
    handled: set[ast.expr] = {step.node.value for step in reached if isinstance(step.node, ast.Expr)}
    handled |= {n for function in functions for n in every(function, ast.Call)}
    for call in calls:
        if call not in handled and not same_as_one_of(call, handled):
            message = "a checkpoint is read outside the model_fn's own statements"
            raise ctx.refuse("init-from-checkpoint", call, parts.module, message)
    check_variables(parts, st)
    st.begin_method()
    for step in walk(steps):
        for node in descendants(step.node):
            if isinstance(node, ast.Call):
                substitute(parts, st, node)

    def loads(node: ast.AST) -> set[str]:
        read = restoring.read_by(ctx, parts.module, node) if isinstance(node, ast.Call) else None
        return st.loads_call(node) if read is None else set().union(*(st.loads_call(part) for part in read))

    needed, start = slice_steps(steps, set(), loads, lambda step: step in reached)
    if any(site.step.node is step.node for site in st.sites.values() for step in needed):
        raise ctx.refuse("init-from-checkpoint", calls[0], parts.module, "the assignments depend on the network")
    known(parts, start, set(), "the assignments of a checkpoint")
    lines = rendering.compact(rendering.call_block(st, steps, needed, "        ", lambda step: []))
    return ["    def begin(self):", *lines]


def same_as_one_of(call: ast.Call, others: set[ast.expr]) -> bool:
    """True when the same is done elsewhere: with and without a TPU."""
    return any(ast.dump(call) == ast.dump(other) for other in others)


def check_variables(parts: ModelParts, st: Staging) -> None:
    """Refuse variables that a scope in an assignment map would not reach: those made by `tf.Variable`."""
    for made in parts.ctx.facts.creations.values():
        for creation in made:
            for callee in parts.ctx.facts.callees.get(creation.call, []):
                if any(isinstance(o, Symbol) and o.name == "tensorflow.Variable" for o in options(callee)):
                    message = "a checkpoint is assigned to a model with variables made by tf.Variable"
                    raise parts.ctx.refuse("init-from-checkpoint", creation.call, parts.module, message)


def substitute(parts: ModelParts, st: Staging, node: ast.Call) -> None:
    """Write the calls that read a checkpoint, and list variables, in terms of the model."""
    value = parts.ctx.facts.value(node)
    symbol = value.symbol if isinstance(value, Result) and value.call is node and not value.part else ""
    if symbol == TRAINABLE:
        if any(is_none(v) is not True for v in value.bound.values()):  # type: ignore[union-attr]
            raise parts.ctx.refuse("variable-scope", node, parts.module, "variables are selected by scope")
        st.substituted[node] = parts.ctx.use(parts.module, "support.legacy_variables(self, trainable=True)")
    elif symbol == restoring.RESTORE:
        st.substituted[node] = restoring.text(parts.ctx, parts.module, node, st.call_text)
    elif is_init_call(parts.ctx, node):
        given = [st.call_text(a) for a in node.args] + [f"{k.arg}={st.call_text(k.value)}" for k in node.keywords]
        given = [text.replace("ckpt_dir_or_file=", "checkpoint=", 1) for text in given]
        text = f"support.init_from_checkpoint(self, {', '.join(given)})"
        st.substituted[node] = parts.ctx.use(parts.module, text)
    elif symbol == "tensorflow.global_variables":
        message = "all variables are listed, those of the optimizer too"
        raise parts.ctx.refuse("init-from-checkpoint", node, parts.module, message)


def inlined(ctx: Context, steps: list[Step], functions: list[ast.FunctionDef], modes: frozenset[str]) -> list[Step]:
    """The steps with the statements of scaffold functions in their place; two sides that start alike become one."""
    found: list[Step] = []
    for step in steps:
        if isinstance(step.node, ast.FunctionDef) and step.node in functions:
            body = [n for n in step.node.body if not isinstance(n, ast.Return)]
            found += Specialiser(ctx.facts).block(body, modes, step.node.lineno)[0]
            continue
        found += [restored_step(call) for call in restoring.in_lambdas(ctx, step.node) if not step.blocks]
        blocks = [inlined(ctx, block, functions, modes) for block in step.blocks]
        if step.kind == "if":
            kept = [[s for s in block if not chooses(s, functions)] for block in blocks]
            dumps = [[ast.dump(s.node) for s in block] for block in kept]
            if dumps[0] and dumps[0] == dumps[1]:
                found += kept[1]
                continue
        found.append(dataclasses.replace(step, blocks=blocks) if step.blocks else step)
    return found


def restored_step(call: ast.Call) -> Step:
    """The call in a lambda as a statement."""
    return Step("simple", ast.copy_location(ast.Expr(call), call), call.lineno - 1)


def chooses(step: Step, functions: list[ast.FunctionDef]) -> bool:
    """True for `scaffold_fn = tpu_scaffold`."""
    node = step.node
    value = node.value if isinstance(node, ast.Assign) else None
    return isinstance(value, ast.Name) and value.id in {function.name for function in functions}


# ------------------------------------------------------------------------------------------------------------- names
def tell_names(parts: ModelParts) -> list[str]:
    """`legacy_names` of the model, and of every layer class below it; empty where nobody asks."""
    if not needs_names(parts.ctx):
        return []
    try:
        legacy_names.name_owners(parts.ctx)
        return legacy_names.names_method(weights.creation_tree(parts.st, parts.st.steps))
    except legacy_names.Unnamed as why:
        message = f"{why}: a checkpoint or an optimizer asks for it"
        raise parts.ctx.refuse("legacy-names", parts.node, parts.module, message) from None
