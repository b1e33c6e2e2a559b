"""Recurrent cells: the Keras layer that a cell's constructor becomes, with TF1's initial distributions written out."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, TypeGuard

from migrator.analysis.modes import Specialiser, mode_condition, walk
from migrator.analysis.signatures import RNN_CALLS, SIGNATURES
from migrator.analysis.values import Const, Result, Sequence, Symbol, Value, options
from migrator.emit.fragments import Renderer, call_text
from migrator.lower.context import Context
from migrator.rulebook import parameters
from migrator.source.module import Module
from migrator.source.syntax import descendants

Render = Callable[[ast.AST], str]
Node = dict[str, Any]

CUDNN = "tensorflow.contrib.cudnn_rnn.CudnnCompatibleLSTMCell"
HOMES = ("tensorflow.nn.rnn_cell.", "tensorflow.contrib.rnn.", CUDNN)
LAYERS = {
    "BasicLSTMCell": "LSTM",
    "LSTMCell": "LSTM",
    "LSTMBlockCell": "LSTM",
    "CudnnCompatibleLSTMCell": "LSTM",
    "GRUCell": "GRU",
    "BasicRNNCell": "SimpleRNN",
}
SCOPES = {
    "BasicLSTMCell": "basic_lstm_cell",
    "LSTMCell": "lstm_cell",
    "LSTMBlockCell": "lstm_cell",
    "CudnnCompatibleLSTMCell": "cudnn_compatible_lstm_cell",
    "GRUCell": "gru_cell",
    "BasicRNNCell": "basic_rnn_cell",
}
PERMUTE = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
MOST_FUSED_UNITS = 70  # from 71 on, the recurrent weights alone are more than `support.FusedLSTM` takes
MEASURED = frozenset(
    {"num_units", "forget_bias", "state_is_tuple", "activation", "name", "initializer", "kernel_initializer"}
    | {"bias_initializer", "dtype", "reuse"}
)
REASONS = {
    "use_peepholes": "no layer of Keras has peepholes",
    "use_peephole": "no layer of Keras has peepholes",
    "num_proj": "no layer of Keras projects the outputs of an LSTM",
}


@dataclasses.dataclass(frozen=True, eq=False)
class Cell:
    """A cell that makes weights, under the dropout wrappers around it, outermost first."""

    made: Result
    wrappers: tuple[Result, ...] = ()

    @property
    def name(self) -> str:
        """The class of the cell."""
        return self.made.symbol.rsplit(".", 1)[-1]


@dataclasses.dataclass(frozen=True, eq=False)
class Stack:
    """The cells of one recurrent network. `stacked`: in a MultiRNNCell. `open`: there may be other or fewer of them."""

    cells: tuple[Cell, ...]
    stacked: bool
    open: bool = False


def kind_of(symbol: str) -> str:
    """`LSTMCell` and its like for the symbol of a cell class; "" for other symbols."""
    return symbol.rsplit(".", 1)[-1] if symbol.startswith(HOMES) and symbol in SIGNATURES else ""


# ------------------------------------------------------------------------------------------------------- following
def stack_of(ctx: Context, module: Module, value: Value | None, where: ast.AST) -> Stack:
    """What a cell is made up of. Refuses where it is not known."""
    if isinstance(value, Result) and not value.part and kind_of(value.symbol) == "MultiRNNCell":
        items = value.bound.get("cells")
        if not isinstance(items, Sequence) or not items.items:
            raise ctx.refuse("rnn-cell", value.call, value.module, "the cells of a MultiRNNCell are not known")
        cells = [cell_of(ctx, module, o, where) for item in items.items for o in options(item)]
        chosen = any(len(options(item)) > 1 for item in items.items)
        return Stack(tuple(cells), True, items.open or chosen)
    return Stack((cell_of(ctx, module, value, where),), False)


def cell_of(ctx: Context, module: Module, value: Value | None, where: ast.AST) -> Cell:
    """One cell, in its wrappers."""
    wrappers: list[Result] = []
    while isinstance(value, Result) and not value.part and kind_of(value.symbol) == "DropoutWrapper":
        wrappers.append(value)
        value = value.bound.get("cell")
    if not isinstance(value, Result) or value.part:
        raise ctx.refuse("rnn-cell", where, module, "the cell is not known where it is used")
    if kind_of(value.symbol) not in LAYERS:
        name = value.symbol.rsplit(".", 1)[-1]
        raise ctx.refuse("rnn-cell", value.call, value.module, f"the cell `{name}` is not measured")
    return Cell(value, tuple(wrappers))


def arguments_of(ctx: Context, module: Module, call: ast.Call, symbol: str) -> dict[str, ast.expr]:
    """The arguments of a constructor by name."""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        raise ctx.refuse("star-arguments", call, module, "arguments passed with * or ** cannot be told apart")
    found = dict(zip(parameters(SIGNATURES[symbol]).positional, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    return found


def none(node: ast.AST | None) -> bool:
    """True for an argument that is left out, or the literal None."""
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


# ------------------------------------------------------------------------------------------------------------ text
def rewritten(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render) -> str:
    """The text of a cell's constructor where it stands: a layer, a layer with dropout, or a list of layers."""
    kind = kind_of(symbol)
    if symbol.endswith(".LSTMStateTuple"):
        shown = [*map(render, call.args), *(f"{k.arg}={render(k.value)}" for k in call.keywords)]
        return ctx.use(module, call_text("support.LSTMStateTuple", shown))
    if not kind:
        raise ctx.refuse("rnn-cell", call, module, f"`{symbol.rsplit('.', 1)[-1]}` is not measured")
    given = arguments_of(ctx, module, call, symbol)
    if kind == "MultiRNNCell":
        check_tuple_state(ctx, module, call, given)
        return render(given["cells"])
    if kind == "DropoutWrapper":
        return dropout_text(ctx, module, call, given, render)
    return layer_text(ctx, module, call, symbol, render, masked(ctx))


def attribute_text(ctx: Context, module: Module, node: ast.AST, render: Render) -> str | None:
    """`cell.output_size` of the layer that the cell became; None for what is no attribute of a cell."""
    value = ctx.facts.value(node.value) if isinstance(node, ast.Attribute) else None
    kinds = {kind_of(o.symbol) for o in (options(value) if value is not None else ()) if is_cell(o)}
    if not kinds or not isinstance(node, ast.Attribute):
        return None
    if node.attr != "output_size" or len(kinds) > 1 or value is None or not all(map(is_cell, options(value))):
        raise ctx.refuse("rnn-cell", node, module, f"`{node.attr}` of a cell has no counterpart here")
    return f"{render(node.value)}{'[-1]' if kinds == {'MultiRNNCell'} else ''}.units"


def is_cell(value: Value) -> TypeGuard[Result]:
    """True for what the constructor of a cell gave."""
    return isinstance(value, Result) and not value.part and kind_of(value.symbol) != ""


def layer_text(ctx: Context, module: Module, call: ast.Call, symbol: str, render: Render, with_mask: bool) -> str:
    """`keras.layers.GRU(...)` or its like."""
    layer, cell = LAYERS[kind_of(symbol)], arguments_of(ctx, module, call, symbol)
    for name, node in cell.items():
        value = ctx.facts.value(node)
        if name not in MEASURED and not (isinstance(value, Const) and not value.value):
            reason = REASONS.get(name, "it is not measured")
            raise ctx.refuse("rnn-cell", call, module, f"`{name}` of the cell: {reason}")
    check_tuple_state(ctx, module, call, cell)
    check_dtype(ctx, module, cell.get("dtype"))
    arguments = [render(cell["num_units"])]
    if not none(cell.get("activation")):
        from migrator.lower.rewriting import activation

        arguments.append(f"activation={activation(ctx, cell['activation'], render(cell['activation']))}")
    given = cell.get("initializer", cell.get("kernel_initializer"))
    initializer = "'glorot_uniform'" if given is None or none(given) else render(given)
    if initializer != "'glorot_uniform'":
        arguments.append(f"kernel_initializer={initializer}")
    arguments.append(f"recurrent_initializer={initializer}")
    if layer == "LSTM":
        arguments += ["unit_forget_bias=False"] if symbol == CUDNN else lstm_bias(ctx, module, cell)
    if layer == "GRU":
        given = cell.get("bias_initializer")
        first = "support.OpenGates()" if given is None or none(given) else render(given)
        arguments += [f"bias_initializer={first}", "reset_after=False"]
    arguments += ["return_sequences=True", "return_state=True"]
    if with_mask:
        arguments.append("zero_output_for_mask=True")
    target = "support.FusedLSTM" if layer == "LSTM" and fused(ctx, cell) else f"keras.layers.{layer}"
    return ctx.use(module, call_text(target, arguments))


def check_tuple_state(ctx: Context, module: Module, call: ast.Call, given: dict[str, ast.expr]) -> None:
    """Refuse states that are one tensor."""
    node = given.get("state_is_tuple")
    if node is not None and not (isinstance(node, ast.Constant) and node.value is True):
        raise ctx.refuse("rnn-cell", call, module, "a concatenated state is not measured")


def check_dtype(ctx: Context, module: Module, node: ast.expr | None) -> None:
    """Refuse numbers that are surely not float32."""
    value = ctx.facts.value(node) if node is not None else None
    if isinstance(value, Symbol) and value.name != "tensorflow.float32":
        message = f"a recurrent network of `tf.{value.name.split('.', 1)[-1]}` numbers is not measured"
        raise ctx.refuse("rnn-dtype", node or ast.Pass(), module, message)


def fused(ctx: Context, cell: dict[str, ast.expr]) -> bool:
    """Whether an LSTM may run in one kernel: the default activation, and not known to be large."""
    units = ctx.facts.value(cell["num_units"])
    large = isinstance(units, Const) and isinstance(units.value, int) and units.value > MOST_FUSED_UNITS
    return not large and none(cell.get("activation"))


def lstm_bias(ctx: Context, module: Module, cell: dict[str, ast.expr]) -> list[str]:
    """TF1 adds forget_bias (default 1) on every step; Keras holds it in the bias."""
    node = cell.get("forget_bias")
    if node is None:
        return []
    value = ctx.facts.value(node)
    if not isinstance(value, Const) or not isinstance(value.value, (int, float)) or value.mode:
        raise ctx.refuse("rnn-cell", node, module, "the forget_bias of the cell is only known at run time")
    if value.value in (0, 1):
        return [] if value.value == 1 else ["unit_forget_bias=False"]
    return [f"bias_initializer=support.ForgetBias({float(value.value)!r})", "unit_forget_bias=False"]


def masked(ctx: Context) -> bool:
    """Whether some recurrent network of the program is told the lengths of its sequences."""
    known = ctx.__dict__.get("_rnn_masked")
    if known is None:
        known = ctx.__dict__["_rnn_masked"] = any(
            not none(bound_rnn(call, o.name).get("sequence_length"))
            for call, callees in ctx.facts.callees.items()
            for callee in callees
            for o in options(callee)
            if isinstance(o, Symbol) and o.name in RNN_CALLS
        )
    return bool(known)


def bound_rnn(call: ast.Call, symbol: str) -> dict[str, ast.expr]:
    """The arguments of dynamic_rnn and its like by name."""
    found = dict(zip(parameters(RNN_CALLS[symbol]).positional, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    return found


# --------------------------------------------------------------------------------------------------------- dropout
def dropout_text(ctx: Context, module: Module, call: ast.Call, given: dict[str, ast.expr], render: Render) -> str:
    """`support.StepDropout(...)` for a DropoutWrapper."""
    for name, neutral in (("state_keep_prob", 1), ("variational_recurrent", False)):
        value = ctx.facts.value(given[name]) if name in given else Const(neutral)
        if not isinstance(value, Const) or value.value != neutral or value.mode:
            message = f"`{name}` of a DropoutWrapper is not measured"
            raise ctx.refuse("rnn-dropout", given[name], module, message)
    arguments = [render(given["cell"])]
    kept = keep_probs(ctx, given)
    for name, node in kept.items():
        from migrator.lower.rewriting import one_minus

        chosen, text = in_training(ctx, module, node, render)
        arguments.append(f"{name.replace('keep_prob', 'rate')}={one_minus(chosen, text)}")
    if kept and not follows_mode(ctx, module, call, kept):
        arguments.append("in_every_mode=True")
        message = "the DropoutWrapper drops in evaluation and prediction too, as before: its keep_prob ignores the mode"
        ctx.note("rnn-dropout", "warning", module, call, message)
    return ctx.use(module, call_text("support.StepDropout", arguments)) if kept else arguments[0]


def keep_probs(ctx: Context, given: dict[str, ast.expr]) -> dict[str, ast.expr]:
    """The arguments of a DropoutWrapper that drop something."""
    found: dict[str, ast.expr] = {}
    for name in ("input_keep_prob", "output_keep_prob"):
        if name in given:
            by_mode = ctx.facts.values.get(given[name], {}).values()
            if not by_mode or not all(isinstance(v, Const) and v.value in (1, 1.0) for v in by_mode):
                found[name] = given[name]
    return found


def follows_mode(ctx: Context, module: Module, call: ast.Call, kept: dict[str, ast.expr]) -> bool:
    """Whether dropout acts in training alone; refuses what is neither that nor the same in every mode."""
    found = {ctx.facts.mode_dependent(node) for node in kept.values()}
    for node in kept.values():
        for mode, value in ctx.facts.values.get(node, {}).items():
            nothing = isinstance(value, Const) and value.value in (1, 1.0)
            if ctx.facts.mode_dependent(node) and mode in ("eval", "infer") and not nothing:
                raise ctx.refuse("rnn-dropout", node, module, "the keep_prob is not surely 1 outside of training")
    if len(found) > 1:
        raise ctx.refuse("rnn-dropout", call, module, "one keep_prob follows the mode and the other does not")
    return found == {True}


def in_training(
    ctx: Context, module: Module, node: ast.expr, render: Render, read: list[ast.expr] | None = None
) -> tuple[ast.expr, str]:
    """What an expression that depends on the mode is in training, as node and text; `read` gets what is left of it."""
    chosen = node

    def rewrite(inner: ast.AST) -> str | None:
        nonlocal chosen
        if not isinstance(inner, ast.expr):
            return None
        if not ctx.facts.mode_dependent(inner):
            if read is not None:
                read.append(inner)
            return render(inner)
        branch = training_branch(ctx, module, inner)
        if branch is None:
            return None
        found, text = in_training(ctx, module, branch, render, read)
        if inner is node:
            chosen = found
        return text

    text = Renderer(module, rewrite).expression(node)
    return chosen, text


def training_branch(ctx: Context, module: Module, node: ast.expr) -> ast.expr | None:
    """The expression that a conditional or a name stands for in training; None for other expressions."""
    if isinstance(node, ast.IfExp):
        holds = mode_condition(ctx.facts, node.test, frozenset(("train", "eval", "infer")))
        if holds is None:
            raise ctx.refuse("rnn-dropout", node, module, "the keep_prob does not follow from the mode alone")
        return node.body if "train" in holds else node.orelse
    if not isinstance(node, ast.Name):
        return None
    around = [n for n in descendants(module.tree) if isinstance(n, ast.FunctionDef) and node in descendants(n)]
    inner = min(around, key=lambda n: (n.end_lineno or n.lineno) - n.lineno, default=None)
    found: list[ast.expr] = []
    if inner is not None:
        steps, _ = Specialiser(ctx.facts).block(inner.body, frozenset({"train"}), inner.body[0].lineno - 1)
        for step in walk(steps):
            if step.kind == "simple" and node.id in stored(step.node):
                single = isinstance(step.node, ast.Assign) and isinstance(step.node.targets[0], ast.Name)
                found.append(step.node.value if single and isinstance(step.node, ast.Assign) else node)
    if len(found) != 1 or found[0] is node:
        message = f"`{node.id}` depends on the mode in a way that is not followed"
        raise ctx.refuse("rnn-dropout", node, module, message)
    return found[0]


def stored(node: ast.AST) -> Iterator[str]:
    """The names that a statement binds."""
    return (n.id for n in descendants(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


def static_reads(ctx: Context, module: Module, call: ast.Call) -> list[ast.expr] | None:
    """The expressions that a DropoutWrapper reads at construction; None for other calls."""
    from migrator.lower.rewriting import called_symbol

    symbol = called_symbol(ctx, call) or ""
    if kind_of(symbol) != "DropoutWrapper":
        return None
    given = arguments_of(ctx, module, call, symbol)
    read = [given["cell"]]
    for node in keep_probs(ctx, given).values():
        in_training(ctx, module, node, lambda inner: "_", read)
    return read


def drops_in_training(ctx: Context, stack: Stack) -> bool:
    """Whether the cells must be told that they train."""
    found = False
    for cell in stack.cells:
        for wrapper in cell.wrappers:
            kept = keep_probs(ctx, arguments_of(ctx, wrapper.module, wrapper.call, wrapper.symbol))
            found = found or any(ctx.facts.mode_dependent(node) for node in kept.values())
    return found


# ------------------------------------------------------------------------------------------------------ weight map
def stack_nodes(ctx: Context, stack: Stack) -> list[Node]:
    """The creation tree inside a `DynamicRNN`."""
    nodes = [cell_node(ctx, cell, "stack") for cell in stack.cells]
    if not stack.stacked:
        return [{**nodes[0], "attr": "stack.0"}]
    if all(node == nodes[0] for node in nodes):
        trips: list[Node] = [{"loop": [{"with": "cell_{i}", "default": False, "creation": nodes[:1]}]}]
    elif stack.open:
        made = stack.cells[0].made
        message = "the cells of a MultiRNNCell are of several kinds, and how many there are is not known"
        raise ctx.refuse("rnn-cell", made.call, made.module, message)
    else:
        trips = [
            {"with": f"cell_{number}", "default": False, "creation": [{**node, "attr": f"stack.{number}"}]}
            for number, node in enumerate(nodes)
        ]
    return [{"with": "multi_rnn_cell", "default": False, "creation": trips}]


def cell_node(ctx: Context, cell: Cell, attr: str) -> Node:
    """The node of one layer, inside those of its wrappers."""
    kept = [w for w in cell.wrappers if keep_probs(ctx, arguments_of(ctx, w.module, w.call, w.symbol))]
    if kept:
        node = cell_node(ctx, Cell(cell.made), "layer")
        for _ in kept[1:]:
            node = {"attr": "layer", "scope": None, "class": "StepDropout", "creation": [node]}
        return {"attr": attr, "scope": None, "class": "StepDropout", "creation": [node]}
    return {"attr": attr, **layer_node(ctx, cell, "")}


def layer_node(ctx: Context, cell: Cell, prefix: str) -> Node:
    """What the map says of a recurrent layer: where TF1 keeps its weights, and in which order."""
    layer = LAYERS[cell.name]
    name = cell.made.bound.get("name")
    given = "*" if name is not None and not isinstance(name, Const) else getattr(name, "value", None)
    node: Node = {"scope": f"{prefix}{given or SCOPES[cell.name]}", "default": False}
    node["weights"] = {"kernel": "cell", "bias": "cell"}
    node["permute"] = PERMUTE[layer]
    if layer == "LSTM":
        forget = cell.made.bound.get("forget_bias")
        default = 0.0 if cell.name == "CudnnCompatibleLSTMCell" else 1.0
        node["forget_bias"] = forget.value if isinstance(forget, Const) else default
    return node
