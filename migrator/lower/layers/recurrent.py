"""Recurrent networks: cells and the call that runs them become one Keras layer.

A single cell made where it is used becomes a layer of Keras itself. Anything more (stacked, bidirectional, wrapped in
dropout, with a state that is passed on) becomes a `DynamicRNN` around such layers, which gives what TF1 gave.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from migrator.analysis.values import Const, Result, options
from migrator.emit.fragments import call_text
from migrator.lower.layers import cell_stacks
from migrator.lower.library import cells
from migrator.lower.library.cells import LAYERS, none
from migrator.lower.reading.definitions import calls_in
from migrator.lower.reading.owning import own_call
from migrator.lower.reading.python_calls import reference
from migrator.lower.reading.symbols import called_symbol
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.layers.cell_stacks import Stack
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site

BIDIRECTIONAL = "tensorflow.nn.bidirectional_dynamic_rnn"
SCOPES = {BIDIRECTIONAL: "bidirectional_rnn"}  # of all others: "rnn"
STATES = ("initial_state", "initial_state_fw", "initial_state_bw")


def bound(st: Body, site: Site) -> dict[str, ast.expr]:
    """The arguments of the call by name."""
    call = site.own.call
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        raise st.ctx.refuse("star-arguments", call, st.module, "arguments passed with * or ** cannot be told apart")
    return cells.bound_rnn(call, site.own.symbol)


def stacks(st: Body, site: Site) -> list[Stack]:
    """What the network is made up of: one stack of cells, or one for each direction."""
    found = []
    for node in cell_nodes(st, site):
        found.append(cell_stacks.stack_of(st.ctx, st.module, node))
    made = [cell.made for stack in found for cell in stack.cells]
    if len({id(m) for m in made}) < len(made):
        message = "one cell is used in several places of a recurrent network: its weights are shared"
        raise st.ctx.refuse("rnn-cell", site.own.call, st.module, message)
    return found


def cell_nodes(st: Body, site: Site) -> list[ast.expr]:
    """The arguments that are cells."""
    arguments = bound(st, site)
    if site.own.made is not None:
        return [site.own.call.func]
    names = ("cell_fw", "cell_bw") if site.own.symbol == BIDIRECTIONAL else ("cell",)
    if any(name not in arguments for name in names):
        raise st.ctx.refuse("rnn-cell", site.own.call, st.module, "the cell is not known where it is used")
    return [arguments[name] for name in names]


# ------------------------------------------------------------------------------------------------------------ forms
def plain(st: Body, site: Site) -> bool:
    """True when a single layer of Keras stands for the whole call."""
    known: dict[ast.Call, bool] = st.ctx.__dict__.setdefault("_plain_rnns", {})
    if site.own.call not in known:
        known[site.own.call] = _plain(st, site)
    return known[site.own.call]


def _plain(st: Body, site: Site) -> bool:
    if site.own.symbol != "tensorflow.nn.dynamic_rnn" or initial_states(st, site) or time_major(st, site):
        return False
    stack = stacks(st, site)[0]
    if stack.stacked or stack.open or stack.cells[0].wrappers or not made_here(st, site, stack.cells[0].made):
        return False
    if not none(bound(st, site).get("sequence_length")) and not masks_end(st, site):
        return False
    return LAYERS[stack.cells[0].name] != "LSTM" or state_in_parts(st, site)


def made_here(st: Body, site: Site, made: Result) -> bool:
    """True when the cell's constructor can be written where the layer is made: all it reads is the same there."""
    node = cell_nodes(st, site)[0]
    if made.call not in calls_in(st.node) or cells.kind_of(made.symbol) == "":
        return False
    if node is not made.call:
        assigned = [s for s in every(st.node, ast.Assign) if node_named(s.targets[0], node)]
        if len(assigned) != 1 or assigned[0].value is not made.call or len(assigned[0].targets) != 1:
            return False
    stores = [n.id for n in every(st.node, ast.Name) if isinstance(n.ctx, ast.Store)]
    reads = {n.id for n in every(made.call, ast.Name) if n is not node}
    if any(stores.count(name) > (name not in st.roles) for name in reads):
        return False
    zeros = {n.value for n in every(st.node, ast.Attribute) if n.attr == "zero_state"}
    used = [n for n in descendants(st.node) if node_named(n, node) and n is not node and n not in zeros]
    return len(used) <= 1  # where it is bound


def node_named(node: ast.AST, name: ast.expr) -> bool:
    """True for another mention of a name."""
    return isinstance(node, ast.Name) and isinstance(name, ast.Name) and node.id == name.id


def state_in_parts(st: Body, site: Site) -> bool:
    """True when a call binds outputs and state to two names, and the state of the LSTM is read part by part."""
    step: ast.AST = site.step.node
    call = site.own.call
    bind = isinstance(step, ast.Assign) and step.value is call and len(step.targets) == 1
    target = step.targets[0] if bind and isinstance(step, ast.Assign) else None
    if not isinstance(target, ast.Tuple) or not all(isinstance(e, ast.Name) for e in target.elts):
        return False
    parts = [n for n in descendants(st.node) if isinstance(n, (ast.Attribute, ast.Subscript))]
    read = {id(n.value) for n in parts if part_of(n) in STATE_ORDER}
    for node in descendants(st.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in read:
            value = st.ctx.facts.value(node)
            found = options(value) if value is not None else ()
            if any(isinstance(o, Result) and o.call is call and o.part == (1,) for o in found):
                return False
    return True


SAME_TENSOR = frozenset({"cast", "to_float", "convert_to_tensor"})  # they may give back the tensor that they are given


def masks_end(st: Body, site: Site) -> bool:
    """True when only operations read the outputs: Keras attaches the mask to them, which its layers and losses heed."""
    fine: set[int] = set()
    for node in descendants(st.node):
        if isinstance(node, ast.Subscript):
            fine.add(id(node.value))
        elif isinstance(node, ast.BinOp):
            fine |= {id(node.left), id(node.right)}
        elif isinstance(node, ast.Call) and is_operation(st, node):
            given = [*node.args, *(k.value for k in node.keywords)]
            fine |= {id(a) for a in given}
            fine |= {id(e) for a in given if isinstance(a, (ast.List, ast.Tuple)) for e in a.elts}
    for node in descendants(st.node):
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load) and id(node) not in fine:
            value = st.ctx.facts.value(node)
            found = options(value) if value is not None else ()
            if any(isinstance(o, Result) and o.call is site.own.call and o.part == (0,) for o in found):
                return False
    return True


def is_operation(st: Body, call: ast.Call) -> bool:
    """True for a TensorFlow function that makes another tensor, and no layer."""

    symbol = called_symbol(st.ctx, call) or ""
    known = symbol.startswith("tensorflow.") and symbol.rsplit(".", 1)[-1] not in SAME_TENSOR
    return known and own_call(st.ctx, call) is None


def part_of(node: ast.AST) -> Any:
    """`"h"` of `state.h`, 1 of `state[1]`; None for other expressions."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.slice.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else None


def initial_states(st: Body, site: Site) -> dict[str, ast.expr]:
    """The arguments that begin with another state than zeros."""
    found = {}
    arguments = bound(st, site)
    for name in STATES:
        node = arguments.get(name)
        if node is None or none(node):
            continue
        value = st.ctx.facts.value(node)
        zeros = [isinstance(o, Result) and is_zero_state(o) for o in (options(value) if value is not None else ())]
        if zeros and all(zeros):
            continue
        if any(zeros) or site.own.symbol == BIDIRECTIONAL:
            raise st.ctx.refuse("rnn-form", node, st.module, f"this `{name}` of a recurrent network is not followed")
        found[name] = node
    return found


def is_zero_state(value: Result) -> bool:
    """True for `cell.zero_state(...)`."""
    return value.symbol.endswith(".zero_state") and cells.kind_of(value.symbol.removesuffix(".zero_state")) != ""


def time_major(st: Body, site: Site) -> bool:
    """Whether the first axis is that of the steps."""
    if site.own.made is not None:
        return True
    node = bound(st, site).get("time_major")
    value = st.ctx.facts.value(node) if node is not None else Const(False)
    if not isinstance(value, Const) or value.mode:
        raise st.ctx.refuse("rnn-form", site.own.call, st.module, "`time_major` is only known at run time")
    return bool(value.value)


# ------------------------------------------------------------------------------------------------------- two halves
def call_parts(st: Body, site: Site) -> list[ast.expr]:
    """What the recurrent layer is called with."""
    arguments = bound(st, site)
    if tells_training(st, site):
        st.uses_training = st.training_by_mode = True
    parts = [arguments[n] for n in ("inputs", "sequence_length") if n in arguments and not none(arguments[n])]
    return [*parts, *initial_states(st, site).values()]


def tells_training(st: Body, site: Site) -> bool:
    """Whether some of the cells act in training alone."""
    return any(cell_stacks.drops_in_training(st.ctx, stack) for stack in stacks(st, site))


def static_parts(st: Body, site: Site) -> list[ast.AST]:
    """What creating the layer needs: the cell's arguments, or the cells themselves."""
    if not plain(st, site):
        return list(cell_nodes(st, site))
    made = stacks(st, site)[0].cells[0].made
    return list(cells.arguments_of(st.ctx, st.module, made.call, made.symbol).values())


def creation_text(st: Body, site: Site) -> str:
    """The recurrent layer, of Keras or of the support module."""
    arguments = bound(st, site)
    cells.check_dtype(st.ctx, st.module, arguments.get("dtype"))
    if plain(st, site):
        made = stacks(st, site)[0].cells[0].made
        with_mask = "sequence_length" in arguments
        return cells.layer_text(st.ctx, st.module, made.call, made.symbol, st.static_text, with_mask)
    stacks(st, site)
    target = "support.BidirectionalRNN" if site.own.symbol == BIDIRECTIONAL else "support.DynamicRNN"
    shown = [st.static_text(node) for node in cell_nodes(st, site)]
    shown += ["time_major=True"] if time_major(st, site) else []
    if site.own.made is not None and site.own.made.symbol.endswith("TimeReversedFusedRNN"):
        shown.append("go_backwards=True")
    return st.ctx.use(st.module, call_text(target, shown))


def use_text(st: Body, site: Site) -> str:
    """Calling the recurrent layer; a layer of Keras is given the lengths as a mask."""

    arguments = bound(st, site)
    inputs = st.call_text(arguments["inputs"])
    shown = [inputs]
    lengths = arguments.get("sequence_length")
    if lengths is not None and not none(lengths):
        if plain(st, site):
            mask = st.ctx.use(st.module, f"tf.sequence_mask({st.call_text(lengths)}, tf.shape({inputs})[1])")
            shown.append(f"mask={mask}")
        else:
            shown.append(f"sequence_length={st.call_text(lengths)}")
    shown += [f"{name}={st.call_text(node)}" for name, node in initial_states(st, site).items()]
    if tells_training(st, site):
        st.uses_training = st.training_by_mode = True
        shown.append("training=training")
    return call_text(reference(st, site), shown)


def node_of(st: Body, site: Site) -> dict[str, Any]:
    """The weight map's node: TF1 keeps the weights under `rnn/<cell name>`."""
    given = bound(st, site).get("scope")
    value = st.ctx.facts.value(given) if given is not None and not none(given) else None
    scope = SCOPES.get(site.own.symbol, "rnn") if given is None or none(given) else "*"
    if isinstance(value, Const) and isinstance(value.value, str):
        scope = value.value
    found = stacks(st, site)
    for earlier in st.sites.values():
        if earlier is site:
            break
        if earlier.own.kind == "rnn" and made_by(st, earlier) & made_by(st, site):
            message = "a cell is used by several recurrent networks: its weights are shared"
            raise st.ctx.refuse("rnn-cell", site.own.call, st.module, message)
    if plain(st, site):
        return {"attr": site.attr, **cell_stacks.layer_node(found[0].cells[0], f"{scope}/")}
    inner = [cell_stacks.stack_nodes(st.ctx, stack) for stack in found]
    if site.own.made is not None:
        return {"attr": site.attr, "scope": None, "class": "DynamicRNN", "creation": inner[0]}
    name = "DynamicRNN"
    if site.own.symbol == BIDIRECTIONAL:
        name = "BidirectionalRNN"
        inner = [
            [{"with": short, "default": False, "creation": [{"attr": attr, "scope": None, "class": "DynamicRNN"}]}]
            for short, attr in (("fw", "forward"), ("bw", "backward"))
        ]
        for nodes, stack in zip(inner, found, strict=True):
            nodes[0]["creation"][0]["creation"] = cell_stacks.stack_nodes(st.ctx, stack)
    creation = [{"with": scope, "default": False, "creation": [node for nodes in inner for node in nodes]}]
    return {"attr": site.attr, "scope": None, "class": name, "creation": creation}


def made_by(st: Body, site: Site) -> set[int]:
    """The cells of a network, each as the object that it is."""
    return {id(cell.made) for stack in stacks(st, site) for cell in stack.cells}


# ------------------------------------------------------------------------------------------------------- final state
STATE_ORDER = {"h": 0, "c": 1, 0: 1, 1: 0}  # the Keras layer returns h, c; TF1's tuple is (c, h)


def state_rewrite(st: Body, node: ast.AST) -> str | None:
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
            key = part_of(node)
            if key not in STATE_ORDER:
                raise st.ctx.refuse("rnn-state", node, st.module, "the state of the LSTM is used as a whole")
            return f"{node.value.id}[{STATE_ORDER[key]}]"
    return None


def is_lstm_state(st: Body, node: ast.Name) -> bool:
    """True for a name that holds the final state of an LSTM which became a layer of Keras."""
    value = st.ctx.facts.value(node)
    if not isinstance(value, Result) or value.symbol != "tensorflow.nn.dynamic_rnn" or value.part != (1,):
        return False
    site = st.sites.get(value.call)
    return site is not None and plain(st, site) and LAYERS[stacks(st, site)[0].cells[0].name] == "LSTM"
