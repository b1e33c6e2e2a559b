"""What a recurrent network is made up of: its cells, followed to where they are made, and their place in the map."""

from __future__ import annotations

import ast
import dataclasses
from typing import TYPE_CHECKING, Any

from migrator.analysis.values import Const, Result, Sequence, Value, depends_on_mode, join_all, options, same_arguments
from migrator.lower.library.cell_dropout import depends, function_around, keep_probs, only_trains
from migrator.lower.library.cells import HOMES, LAYERS, PERMUTE, SCOPES, arguments_of, is_cell, kind_of
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

Node = dict[str, Any]


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


def stack_of(ctx: Context, module: Module, node: ast.expr) -> Stack:
    """What a cell is made up of. Refuses where it is not known, or not the same in all modes but for dropout."""
    by_mode = ctx.facts.values.get(node, {})
    value = ctx.facts.value(node)
    found = stacks_in(ctx, module, by_mode.get("train", value), node)
    for other in by_mode.values():
        pairs = list(zip(found.cells, stacks_in(ctx, module, other, node).cells, strict=False))
        alike = [a.made.call is b.made.call and same_arguments(a.made, b.made) for a, b in pairs]
        alike += [wrapped_alike(ctx, a, b) for a, b in pairs]
        alike += [not any(map(depends_on_mode, cell.made.bound.values())) for cell in found.cells]
        if len(pairs) < len(found.cells) or not all(alike):
            raise ctx.refuse("rnn-cell", node, module, "the cells differ from mode to mode")
    return found


def wrapped_alike(ctx: Context, training: Cell, other: Cell) -> bool:
    """True when the dropout of another mode is that of training, but for what is made in training alone."""
    in_training, beside = ([w.call for w in cell.wrappers] for cell in (training, other))
    return all(w in in_training for w in beside) and all(w in beside or only_trains(ctx, w) for w in in_training)


def stacks_in(ctx: Context, module: Module, value: Value | None, where: ast.AST) -> Stack:
    """What a value is made up of, several alternatives together."""
    found = options(value) if value is not None else ()
    several = [o for o in found if is_cell(o) and kind_of(o.symbol) == "MultiRNNCell"]
    if value is None or 0 < len(several) < len(found):
        raise ctx.refuse("rnn-cell", where, module, "the cell is not known where it is used")
    if not several:
        cells = cells_in(ctx, module, value, where)
        return Stack(tuple(cells), False, len(cells) > 1)
    cells, unsure = [], len(several) > 1
    for made in several:
        items = made.bound.get("cells")
        if not isinstance(items, Sequence) or not items.items:
            raise ctx.refuse("rnn-cell", made.call, made.module, "the cells of a MultiRNNCell are not known")
        for item in items.items:
            alternatives = cells_in(ctx, module, item, where)
            unsure = unsure or items.open or len(alternatives) > 1
            cells += alternatives
    return Stack(tuple(cells), True, unsure)


def cells_in(ctx: Context, module: Module, value: Value, where: ast.AST) -> list[Cell]:
    """The cells that a value may be, each in its wrappers."""
    found: list[Cell] = []
    for option in options(value):
        if is_cell(option) and kind_of(option.symbol) == "DropoutWrapper" and "cell" in option.bound:
            wrapped = taken_from_list(ctx, option) or option.bound["cell"]
            inner = cells_in(ctx, module, wrapped, where)
            found += [Cell(cell.made, (option, *cell.wrappers)) for cell in inner]
        elif is_cell(option) and kind_of(option.symbol) == "TimeReversedFusedRNN" and "cell" in option.bound:
            found += cells_in(ctx, module, option.bound["cell"], where)
        elif not isinstance(option, Result) or not option.symbol.startswith(HOMES) or option.part:
            raise ctx.refuse("rnn-cell", where, module, "the cell is not known where it is used")
        elif kind_of(option.symbol) not in LAYERS:
            name = option.symbol.rsplit(".", 1)[-1]
            raise ctx.refuse("rnn-cell", option.call, option.module, f"the cell `{name}` is not measured")
        else:
            found.append(Cell(option))
    return [max((c for c in found if c.made is made), key=lambda c: len(c.wrappers)) for made in distinct(found)]


def taken_from_list(ctx: Context, wrapper: Result) -> Value | None:
    """The cells of the list that `DropoutWrapper(cells[i])` takes one of; None where that is not what stands there.

    The list must be what one comprehension gave, and nothing may change it.
    """
    node = arguments_of(ctx, wrapper.module, wrapper.call, wrapper.symbol)["cell"]
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Name):
        return None
    if not isinstance(node.value, ast.Name):
        return None
    inside = list(descendants(function_around(wrapper.module, node) or node))
    named = [n for n in inside if isinstance(n, ast.Name) and n.id == node.value.id]
    held = [n.value for n in inside if isinstance(n, (ast.Attribute, ast.Subscript))]
    made = [n.value for n in inside if isinstance(n, ast.Assign) and any(t in named for t in n.targets)]
    changed = [n for n in named if n in held and n is not node.value]
    bound = [n for n in named if not isinstance(n.ctx, ast.Load)]
    value = ctx.facts.value(node.value)
    once = len(made) == len(bound) == 1 and isinstance(made[0], ast.ListComp) and not changed
    return join_all(value.items) if once and isinstance(value, Sequence) else None


def distinct(cells: list[Cell]) -> list[Result]:
    """What makes the weights of some cells: one cell, with dropout around it and without, counts once."""
    return list({id(cell.made): cell.made for cell in cells}.values())


def drops_in_training(ctx: Context, stack: Stack) -> bool:
    """Whether the cells must be told that they train."""
    found = False
    for cell in stack.cells:
        for wrapper in cell.wrappers:
            kept = keep_probs(ctx, arguments_of(ctx, wrapper.module, wrapper.call, wrapper.symbol))
            follows = only_trains(ctx, wrapper.call) or any(depends(ctx, wrapper.module, n) for n in kept.values())
            found = found or (bool(kept) and follows)
    return found


def stack_nodes(ctx: Context, stack: Stack) -> list[Node]:
    """The creation tree inside a `DynamicRNN`."""
    nodes = [{"attr": "stack", **layer_node(cell, "")} for cell in stack.cells]
    alike = all(node == nodes[0] for node in nodes)
    if not stack.stacked and alike:
        return [{**nodes[0], "attr": "stack.0"}]
    if alike:
        trips: list[Node] = [{"loop": [{"with": "cell_{i}", "default": False, "creation": nodes[:1]}]}]
    elif stack.open:
        made = stack.cells[0].made
        message = "which kind of cell is used is not known"
        raise ctx.refuse("rnn-cell", made.call, made.module, message)
    else:
        trips = [
            {"with": f"cell_{number}", "default": False, "creation": [{**node, "attr": f"stack.{number}"}]}
            for number, node in enumerate(nodes)
        ]
    return [{"with": "multi_rnn_cell", "default": False, "creation": trips}]


def layer_node(cell: Cell, prefix: str) -> Node:
    """What the map says of a recurrent layer: where TF1 keeps its weights, and in which order."""
    layer = LAYERS[cell.name]
    name = cell.made.bound.get("name")
    given = "*" if name is not None and not isinstance(name, Const) else getattr(name, "value", None)
    node: Node = {"scope": f"{prefix}{given or SCOPES[cell.name]}"}
    node["default"] = cell.name == "LSTMBlockFusedCell"  # a layer: numbered, whatever its name
    node["weights"] = {"kernel": "cell", "bias": "cell"}
    node["permute"] = PERMUTE[layer]
    if layer == "LSTM":
        forget = cell.made.bound.get("forget_bias")
        default = 0.0 if cell.name == "CudnnCompatibleLSTMCell" else 1.0
        node["forget_bias"] = forget.value if isinstance(forget, Const) else default if forget is None else None
    return node
