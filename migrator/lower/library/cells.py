"""Recurrent cells: the Keras layer that a cell's constructor becomes, with TF1's initial distributions written out."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from migrator.analysis.signatures import FUSED_RNN_CALL, FUSED_RNNS, RNN_CALLS, SIGNATURES
from migrator.analysis.values import Const, Result, Stage, Symbol, Value, depends_on_mode, options, stage_of
from migrator.emit.fragments import call_text
from migrator.lower.library.rule_arguments import activation
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

Render = Callable[[ast.AST], str]

CUDNN = "tensorflow.contrib.cudnn_rnn.CudnnCompatibleLSTMCell"
HOMES = ("tensorflow.nn.rnn_cell.", "tensorflow.contrib.rnn.", CUDNN)
LAYERS = {
    "BasicLSTMCell": "LSTM",
    "LSTMCell": "LSTM",
    "LSTMBlockCell": "LSTM",
    "LSTMBlockFusedCell": "LSTM",
    "CudnnCompatibleLSTMCell": "LSTM",
    "GRUCell": "GRU",
    "BasicRNNCell": "SimpleRNN",
}
SCOPES = {
    "BasicLSTMCell": "basic_lstm_cell",
    "LSTMCell": "lstm_cell",
    "LSTMBlockCell": "lstm_cell",
    "LSTMBlockFusedCell": "lstm_fused_cell",
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


def kind_of(symbol: str) -> str:
    """`LSTMCell` and its like for the symbol of a cell class; "" for other symbols."""
    return symbol.rsplit(".", 1)[-1] if symbol.startswith(HOMES) and symbol in SIGNATURES else ""


def is_cell(value: Value) -> TypeGuard[Result]:
    """True for what the constructor of a cell gave."""
    return isinstance(value, Result) and not value.part and kind_of(value.symbol) != ""


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
        arguments.append(f"activation={activation(ctx, cell['activation'], render(cell['activation']))}")
    given = cell.get("initializer", cell.get("kernel_initializer"))
    initializer = "'glorot_uniform'" if given is None or none(given) else render(given)
    if initializer != "'glorot_uniform'":
        arguments.append(f"kernel_initializer={initializer}")
    arguments.append(f"recurrent_initializer={initializer}")
    if layer == "LSTM":
        arguments += ["unit_forget_bias=False"] if symbol == CUDNN else lstm_bias(ctx, module, cell, render)
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


def lstm_bias(ctx: Context, module: Module, cell: dict[str, ast.expr], render: Render) -> list[str]:
    """TF1 adds forget_bias (default 1) on every step; Keras holds it in the bias."""
    node = cell.get("forget_bias")
    if node is None:
        return []
    value = ctx.facts.value(node)
    if value is None or depends_on_mode(value) or stage_of(value) is not Stage.STATIC:
        raise ctx.refuse("rnn-cell", node, module, "the forget_bias of the cell is only known when it is called")
    if not isinstance(value, Const):
        return [f"bias_initializer=support.ForgetBias({render(node)})", "unit_forget_bias=False"]
    if not isinstance(value.value, (int, float)):
        raise ctx.refuse("rnn-cell", node, module, "the forget_bias of the cell is no number")
    if value.value in (0, 1):
        return [] if value.value == 1 else ["unit_forget_bias=False"]
    return [f"bias_initializer=support.ForgetBias({float(value.value)!r})", "unit_forget_bias=False"]


def attribute_text(ctx: Context, module: Module, node: ast.AST, render: Render) -> str | None:
    """`cell.output_size` of the layer that the cell became; None for what is no attribute of a cell."""
    value = ctx.facts.value(node.value) if isinstance(node, ast.Attribute) else None
    kinds = {kind_of(o.symbol) for o in (options(value) if value is not None else ()) if is_cell(o)}
    if not kinds or not isinstance(node, ast.Attribute):
        return None
    if node.attr != "output_size" or len(kinds) > 1 or value is None or not all(map(is_cell, options(value))):
        raise ctx.refuse("rnn-cell", node, module, f"`{node.attr}` of a cell has no counterpart here")
    return f"{render(node.value)}{'[-1]' if kinds == {'MultiRNNCell'} else ''}.units"


def masked(ctx: Context) -> bool:
    """Whether some recurrent network of the program is told the lengths of its sequences."""
    known = ctx.__dict__.get("_rnn_masked")
    if known is None:
        known = ctx.__dict__["_rnn_masked"] = any(
            not none(bound_rnn(call, getattr(o, "name", "")).get("sequence_length"))
            for call, callees in ctx.facts.callees.items()
            for callee in callees
            for o in options(callee)
            if (isinstance(o, Symbol) and o.name in RNN_CALLS) or (isinstance(o, Result) and o.symbol in FUSED_RNNS)
        )
    return bool(known)


def bound_rnn(call: ast.Call, symbol: str) -> dict[str, ast.expr]:
    """The arguments of dynamic_rnn and its like, and of the call of a fused network, by name."""
    found = dict(zip(parameters(RNN_CALLS.get(symbol, FUSED_RNN_CALL)).positional, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    return found
