"""What an input function does with the elements of its iterator, statement by statement: a function to map with."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Function, Mapping, Result, Sequence, Symbol, Value, options
from migrator.emit.indentation import unit_of
from migrator.lower.reading import symbols
from migrator.lower.spec.metric_entries import DICTIONARIES
from migrator.source.syntax import children, descendants, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

NOT_MAPPED = (ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom, ast.While, ast.Try, ast.ClassDef, ast.Await)


def ends(block: list[ast.stmt]) -> bool:
    """True when control surely does not run on behind a block."""
    match block[-1] if block else None:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return ends(body) and ends(orelse)
        case ast.With(body=body):
            return ends(body)
    return False


def can_be_mapped(function: ast.AST, tail: list[ast.stmt], targets: ast.expr) -> bool:
    """True when the statements behind an iterator mean the same in a function of their own, of the elements.

    That function may read what the one around it knows, but what it binds is its own.
    """
    if not tail or not ends(tail):
        return False
    inside = {n for statement in tail for n in (statement, *descendants(statement))}
    if any(isinstance(n, NOT_MAPPED) for n in inside):
        return False
    given = names_bound([targets, *descendants(targets)])
    bound = names_bound(inside)
    arguments = {n.arg for n in every(function, ast.arg) if n not in inside}
    elements = {targets, *descendants(targets)}
    outside = arguments | names_bound(n for n in descendants(function) if n not in inside and n not in elements)
    if bound & (outside - given):
        return False
    late = [n for n in descendants(function) if isinstance(n, (ast.FunctionDef, ast.Lambda)) and n not in inside]
    read: set[str] = set()
    for inner in (n for n in late if n is not function):
        own = names_bound(descendants(inner)) | {n.arg for n in every(inner, ast.arg)}
        read |= {n.id for n in every(inner, ast.Name)} - own
    return not read & (bound | given)


def names_bound(nodes: Iterable[ast.AST]) -> set[str]:
    """The names that some nodes bind by themselves."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return found


def returns(tail: list[ast.stmt]) -> list[ast.Return]:
    """The return statements of a block, those of functions inside it left out."""
    found: list[ast.Return] = []
    todo: list[ast.AST] = list(tail)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return):
            found.append(node)
        elif not isinstance(node, (ast.FunctionDef, ast.Lambda)):
            todo += children(node)
    return found


def keeps_its_form(ctx: Context, tail: list[ast.stmt]) -> bool:
    """True when nothing that is returned is a list: an element of a dataset cannot hold one, and would stack it."""
    values = [node.value for node in returns(tail)]
    return all(node is not None and not holds_list(ctx, node) for node in values)


def holds_list(ctx: Context, node: ast.expr) -> bool:
    """True for an expression that is a list, or may hold one."""
    if isinstance(node, (ast.Tuple, ast.Dict)):
        parts = node.elts if isinstance(node, ast.Tuple) else node.values
        return any(holds_list(ctx, part) for part in parts)
    value = ctx.facts.value(node)
    return isinstance(node, (ast.List, ast.ListComp)) or (value is not None and has_list(value))


def has_list(value: Value) -> bool:
    """True for a value that may be a list, or hold one."""
    for option in options(value):
        match option:
            case Sequence(kind=kind):
                if kind is list or any(has_list(item) for item in option.items):
                    return True
            case Mapping():
                if any(has_list(item) for item in option.items.values()):
                    return True
    return False


def lines_of(module: Module, tail: list[ast.stmt], render: Callable[[ast.AST], str]) -> list[str]:
    """The statements in their new form, one level in."""
    lines: list[str] = []
    into = " " * unit_of(module.tree)
    for node in tail:
        indent = module.indent_of(node)
        first, *rest = render(node).split("\n")
        lines.append(into + first)
        strings = module.string_lines
        for number, line in enumerate(rest, node.lineno + 1):
            lines.append(line if number in strings or not line.strip() else into + line.removeprefix(indent))
    return lines


# ------------------------------------------------------------------------------------------- the form of an element
KEEPING = frozenset(
    {"batch", "cache", "concatenate", "filter", "prefetch", "repeat", "shard", "shuffle", "skip", "take"}
)
SINGLE = frozenset({"range", "list_files"})
FROM_DATA = frozenset({"from_tensor_slices", "from_tensors"})


def single(ctx: Context, dataset: ast.expr) -> bool:
    """True when an element of a dataset is surely one component: a tensor or a dictionary, not a tuple."""
    value = ctx.facts.value(dataset)
    found = options(value) if value is not None else ()
    return bool(found) and all(one_component(ctx, option) for option in found)


def one_component(ctx: Context, value: Value | None) -> bool:
    """True for the value of such a dataset."""
    if not isinstance(value, Result) or value.part or not value.symbol.startswith("tensorflow.data."):
        return False
    method = value.symbol.rsplit(".", 1)[-1]
    if method in KEEPING:
        this = value.bound.get("self")
        return this is not None and all(one_component(ctx, option) for option in options(this))
    if method in SINGLE or method in ("TextLineDataset", "TFRecordDataset", "FixedLengthRecordDataset"):
        return True
    if method == "from_generator":
        kind = value.bound.get("output_types", value.bound.get("1"))
        return isinstance(kind, (Symbol, Mapping)) or (isinstance(kind, Const) and kind.value is not None)
    if method in FROM_DATA:
        return isinstance(value.bound.get("tensors", value.bound.get("0")), Mapping)
    if method == "map":
        mapped = value.bound.get("map_func", value.bound.get("0"))
        return mapped is not None and all(gives_one(ctx, option) for option in options(mapped))
    return False


def gives_one(ctx: Context, value: Value) -> bool:
    """True for a function whose result is surely one tensor or one dictionary."""
    if not isinstance(value, Function):
        return False
    frames = ctx.facts.frames.get(value.node, [])
    given = [o for f in frames if f.returned is not None for o in options(f.returned)]
    if not given:
        return False
    return all(isinstance(o, Mapping) or is_examples(o) for o in given) or makes_dictionary(ctx, value.node)


def makes_dictionary(ctx: Context, function: ast.FunctionDef | ast.Lambda) -> bool:
    """True for a function that surely returns a dictionary, whatever its keys are."""

    def is_made(node: ast.expr | None) -> bool:
        made = isinstance(node, ast.Call) and symbols.called_symbol(ctx, node) in DICTIONARIES
        return made or isinstance(node, (ast.Dict, ast.DictComp))

    if isinstance(function, ast.Lambda):
        return is_made(function.body)
    bound = [n.id for n in every(function, ast.Name) if not isinstance(n.ctx, ast.Load)]
    bound += [n.arg for n in every(function, ast.arg)]
    assigned = [n for n in every(function, ast.Assign) if is_made(n.value)]
    held = {t.id for n in assigned for t in n.targets if isinstance(t, ast.Name) and bound.count(t.id) == 1}
    given = [node.value for node in returns(function.body)]
    return ends(function.body) and all(is_made(n) or (isinstance(n, ast.Name) and n.id in held) for n in given)


def is_examples(value: Value) -> bool:
    """True for parsed examples: a dictionary."""
    parsing = ("tensorflow.parse_single_example", "tensorflow.parse_example", "tensorflow.io.parse_single_example")
    return isinstance(value, Result) and value.symbol in parsing and not value.part
