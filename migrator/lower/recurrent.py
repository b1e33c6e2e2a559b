"""Recurrent networks: a cell and its dynamic_rnn call become one Keras layer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.signatures import RNN_CALLS, SIGNATURES
from migrator.analysis.values import Const, Result
from migrator.emit.fragments import call_text
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from migrator.lower.staging import Site, Staging

KERAS = {"BasicLSTMCell": "LSTM", "LSTMCell": "LSTM", "GRUCell": "GRU", "BasicRNNCell": "SimpleRNN"}
PERMUTE = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn"}
MOST_FUSED_UNITS = 70  # from 71 on, the recurrent weights alone are more than `support.FusedLSTM` takes


def bound(st: Staging, site: Site) -> dict[str, ast.expr]:
    """The dynamic_rnn call's arguments by name. Forms without a measured twin refuse."""
    call = site.own.call
    if site.own.symbol != "tensorflow.nn.dynamic_rnn":
        raise st.ctx.refuse("rnn-form", call, st.module, f"`{site.own.symbol}` has no rule yet")
    names = parameters(RNN_CALLS[site.own.symbol]).positional
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    for name in ("initial_state",):
        if name in found and not _none(found[name]):
            raise st.ctx.refuse("rnn-form", call, st.module, f"`{name}` of dynamic_rnn is not measured")
    return found


def _none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def cell_of(st: Staging, site: Site) -> tuple[str, ast.Call, dict[str, ast.expr]]:
    """(Keras layer, the cell's constructor call, its arguments by name)."""
    node = bound(st, site).get("cell")
    value = st.ctx.facts.value(node) if node is not None else None
    if not isinstance(value, Result):
        raise st.ctx.refuse("rnn-cell", site.own.call, st.module, "the cell is not known where it is used")
    name = value.symbol.rsplit(".", 1)[-1]
    if name not in KERAS or value.symbol not in SIGNATURES:
        raise st.ctx.refuse("rnn-cell", value.call, st.module, f"the cell `{name}` is not measured")
    names = parameters(SIGNATURES[value.symbol]).positional
    found = dict(zip(names, value.call.args, strict=False))
    found.update({k.arg: k.value for k in value.call.keywords if k.arg})
    return KERAS[name], value.call, found


def call_parts(st: Staging, site: Site) -> list[ast.expr]:
    """What the recurrent layer is called with."""
    arguments = bound(st, site)
    return [arguments[n] for n in ("inputs", "sequence_length") if n in arguments and not _none(arguments[n])]


def static_parts(st: Staging, site: Site) -> list[ast.AST]:
    """What creating the layer needs: the cell's arguments."""
    _, _, arguments = cell_of(st, site)
    return list(arguments.values())


def creation_text(st: Staging, site: Site) -> str:
    """`keras.layers.GRU(...)` or its like, with TF1's initial distributions written out."""
    layer, call, cell = cell_of(st, site)
    measured = {"num_units", "forget_bias", "state_is_tuple", "activation", "name", "initializer", "kernel_initializer"}
    measured |= {"bias_initializer", "dtype", "reuse"}
    for name, node in cell.items():
        value = st.ctx.facts.value(node)
        if name not in measured and not (isinstance(value, Const) and not value.value):
            raise st.ctx.refuse("rnn-cell", call, st.module, f"`{name}` of the cell is not measured")
    tuple_state = cell.get("state_is_tuple")
    if tuple_state is not None and not (isinstance(tuple_state, ast.Constant) and tuple_state.value is True):
        raise st.ctx.refuse("rnn-cell", call, st.module, "a concatenated state is not measured")
    arguments = [st.static_text(cell["num_units"])]
    if "activation" in cell and not _none(cell["activation"]):
        from migrator.lower.rewriting import activation

        arguments.append(f"activation={activation(st.ctx, cell['activation'], st.static_text(cell['activation']))}")
    given = cell.get("initializer", cell.get("kernel_initializer"))
    initializer = "'glorot_uniform'" if given is None or _none(given) else st.static_text(given)
    if initializer != "'glorot_uniform'":
        arguments.append(f"kernel_initializer={initializer}")
    arguments.append(f"recurrent_initializer={initializer}")
    if layer == "LSTM":
        arguments += lstm_bias(st, cell)
    if layer == "GRU":
        given = cell.get("bias_initializer")
        first = "support.OpenGates()" if given is None or _none(given) else st.static_text(given)
        arguments += [f"bias_initializer={first}", "reset_after=False"]
    arguments += ["return_sequences=True", "return_state=True"]
    if "sequence_length" in bound(st, site):
        arguments.append("zero_output_for_mask=True")
    if "time_major" in bound(st, site):
        raise st.ctx.refuse("rnn-form", site.own.call, st.module, "time-major sequences are not measured")
    target = "support.FusedLSTM" if layer == "LSTM" and fused(st, cell) else f"keras.layers.{layer}"
    return st.ctx.use(st.module, call_text(target, arguments))


def fused(st: Staging, cell: dict[str, ast.expr]) -> bool:
    """Whether an LSTM may run in one kernel: the default activation, and not known to be large."""
    units = st.ctx.facts.value(cell["num_units"])
    large = isinstance(units, Const) and isinstance(units.value, int) and units.value > MOST_FUSED_UNITS
    return not large and ("activation" not in cell or _none(cell["activation"]))


def lstm_bias(st: Staging, cell: dict[str, ast.expr]) -> list[str]:
    """TF1 adds forget_bias (default 1) on every step; Keras holds it in the bias."""
    node = cell.get("forget_bias")
    if node is None or (isinstance(node, ast.Constant) and node.value in (1, 1.0)):
        return []
    if isinstance(node, ast.Constant) and node.value in (0, 0.0):
        return ["unit_forget_bias=False"]
    raise st.ctx.refuse("rnn-cell", node, st.module, "a forget_bias other than 0 or 1 has no Keras argument")


def use_text(st: Staging, site: Site) -> str:
    """Calling the recurrent layer; lengths become a mask."""
    from migrator.lower.owned_calls import reference

    arguments = bound(st, site)
    inputs = st.call_text(arguments["inputs"])
    shown = [inputs]
    lengths = arguments.get("sequence_length")
    if lengths is not None and not _none(lengths):
        mask = st.ctx.use(st.module, f"tf.sequence_mask({st.call_text(lengths)}, tf.shape({inputs})[1])")
        shown.append(f"mask={mask}")
    return call_text(reference(st, site), shown)


STATE_ORDER = {"h": 0, "c": 1, 0: 1, 1: 0}  # the Keras layer returns h, c; TF1's tuple is (c, h)


def state_rewrite(st: Staging, node: ast.AST) -> str | None:
    """The state of an LSTM where it is bound and where it is read; None for anything else.

    `outputs, state = dynamic_rnn(...)` binds the list of states that the Keras layer returns.
    """
    if isinstance(node, ast.Name):
        if not is_lstm_state(st, node):
            return None
        if isinstance(node.ctx, ast.Store):
            return f"*{node.id}"
        raise st.ctx.refuse("rnn-state", node, st.module, "the state of the LSTM is used as a whole")
    if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.value, ast.Name):
        if is_lstm_state(st, node.value):
            key = node.attr if isinstance(node, ast.Attribute) else getattr(node.slice, "value", None)
            if key not in STATE_ORDER:
                raise st.ctx.refuse("rnn-state", node, st.module, "the state of the LSTM is used as a whole")
            return f"{node.value.id}[{STATE_ORDER[key]}]"
    return None


def is_lstm_state(st: Staging, node: ast.Name) -> bool:
    """True for a name that holds the final state of an LSTM's dynamic_rnn."""
    value = st.ctx.facts.value(node)
    if not isinstance(value, Result) or value.symbol != "tensorflow.nn.dynamic_rnn" or value.part != (1,):
        return False
    site = st.sites.get(value.call)
    return site is not None and cell_of(st, site)[0] == "LSTM"
