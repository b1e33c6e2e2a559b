"""Input functions: which functions they are made of, and their one-shot iterators as the datasets behind them."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from migrator.analysis import lookup
from migrator.analysis.values import Function, Instance, Mapping, Partial, Result, Sequence, Value, options
from migrator.emit.fragments import standalone
from migrator.emit.indentation import unit_of
from migrator.emit.layout import fit
from migrator.lower.programs import iterator_tails
from migrator.source.syntax import descendants, every, is_none_literal

if TYPE_CHECKING:
    from migrator.lower.programs.group import Group
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module

Render = Callable[[ast.AST], str]

MAKERS = ("make_one_shot_iterator", "make_initializable_iterator")


def input_functions(group: Group) -> dict[ast.AST, Function]:
    """The functions that feed the group's models, with all that they mention, by definition."""
    found: dict[ast.AST, Function] = {}
    todo = [
        f
        for use in group.uses.values()
        for value in use.result.bound.values()
        for f in functions_in(value, 0, handed=True)
    ]
    while todo:
        function = todo.pop()
        if function.node in found or function.node in group.models:
            continue
        found[function.node] = function
        for node in descendants(function.node):
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
                value = group.ctx.facts.value(node)
                for one in options(value) if value is not None else ():
                    held = list(functions_in(one, 0))
                    todo += held if held and not is_out_of_reach(group, one) else []
    return found


def is_out_of_reach(group: Group, value: Value) -> bool:
    """True for what a library makes in a function that nothing names: no model is fed with it.

    It may call the same functions as the input functions do, and what those are given is what any caller gives.
    """
    if not isinstance(value, Result):
        return False
    holder = next((n for n in value.module.tree.body if value.call in descendants(n)), None)
    if not isinstance(holder, ast.FunctionDef):
        return False
    inside = set(descendants(holder))
    if any(node in inside for node in (*group.uses, *group.constructions, *group.models)):
        return False
    named = re.compile(rf"\b{holder.name}\b")
    return sum(len(named.findall(text)) for text in group.ctx.project.sources.values()) == 1


def functions_in(value: Value, depth: int, handed: bool = False) -> Iterator[Function]:
    """The project functions in a value: itself, through partials, or among the arguments of what made it.

    `handed`: to a library, which calls an object as well as a function.
    """
    for option in options(value):
        match option:
            case Function():
                yield option
            case Partial():
                yield from functions_in(option.function, depth, handed)
            case Instance() if depth < 3 and handed:
                called = lookup.as_function(option)
                yield from (called,) if isinstance(called, Function) else ()
            case Result() if depth < 3 and option.symbol.startswith("tensorflow."):
                for inner in option.bound.values():
                    yield from functions_in(inner, depth + 1, handed)
            case Sequence():
                for inner in option.items:
                    yield from functions_in(inner, depth)
            case Mapping():
                for inner in option.items.values():
                    yield from functions_in(inner, depth)


# ------------------------------------------------------------------------------------------------------- iterators
@dataclasses.dataclass(frozen=True, eq=False)
class OneShot:
    """`iterator = dataset.make_one_shot_iterator()`, `elements = iterator.get_next()`, `return ...` in a row.

    `between` are the assignments that arrange the elements before they are returned.
    """

    dataset: ast.expr
    targets: ast.expr
    dropped: tuple[ast.stmt, ...]
    last: ast.stmt
    between: tuple[ast.Assign, ...] = ()
    tail: tuple[ast.stmt, ...] = ()  # instead, statements of any kind, to the last return


def one_shots(function: ast.AST) -> list[OneShot]:
    """Every such row of statements in a function."""
    found = []
    for node in (function, *descendants(function)):
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                last = block[-1]
                shot = one_shot(function, block, last) if isinstance(last, ast.Return) else None
                shot = shot or one_shot_before(function, block)
                found += [shot] if shot is not None else []
    return found


def one_shot_before(function: ast.AST, block: list[ast.stmt]) -> OneShot | None:
    """The row with any other statements behind the elements, or None."""
    starts = [i for i, n in enumerate(block) if isinstance(n, ast.Assign) and is_call(n.value, "get_next")]
    if len(starts) != 1 or not isinstance(block[starts[0]], ast.Assign):
        return None
    got = block[starts[0]]
    tail = block[starts[0] + 1 :]
    assert isinstance(got, ast.Assign)
    if len(got.targets) != 1 or any(calls_iterator(node) for node in tail):
        return None
    if not iterator_tails.can_be_mapped(function, tail, got.targets[0]):
        return None
    # as if it were returned: the statements before it are taken apart in the same way
    returned = ast.copy_location(ast.Return(got.targets[0]), got)
    shot = one_shot(function, [*block[: starts[0] + 1], returned], returned)
    if shot is None or shot.between:
        return None
    return dataclasses.replace(shot, dropped=(*shot.dropped, *tail[:-1]), last=tail[-1], tail=tuple(tail))


def one_shot(function: ast.AST, block: list[ast.stmt], last: ast.Return) -> OneShot | None:
    """The row that ends a block, or None."""
    if last.value is None:
        return None
    rest = block[:-1]
    got: ast.expr = last.value
    targets: ast.expr = last.value
    dropped: list[ast.stmt] = []
    between: list[ast.Assign] = []
    arranged = not calls_iterator(last)
    while arranged and rest and isinstance(rest[-1], ast.Assign) and not calls_iterator(rest[-1]):
        between.insert(0, rest[-1])
        rest = rest[:-1]
    if between and not (rest and isinstance(rest[-1], ast.Assign) and is_call(rest[-1].value, "get_next")):
        return None
    dropped += between
    if rest and isinstance(rest[-1], ast.Assign) and len(rest[-1].targets) == 1 and is_call(rest[-1].value, "get_next"):
        got, targets = rest[-1].value, rest[-1].targets[0]
        dropped.append(rest.pop())
    if not (isinstance(got, ast.Call) and is_call(got, "get_next") and isinstance(got.func, ast.Attribute)):
        return None
    made: ast.expr = got.func.value
    if isinstance(made, ast.Name):
        name = made.id
        loads = [n for n in every(function, ast.Name) if n.id == name]
        if not rest or len(loads) != 2 or not binds(rest[-1], name):
            return None
        assert isinstance(rest[-1], ast.Assign)
        made = rest[-1].value
        dropped.append(rest.pop())
    dataset = iterated(made)
    return OneShot(dataset, targets, tuple(dropped), last, tuple(between)) if dataset is not None else None


def lambda_dataset(feeding: Iterable[ast.AST], node: ast.Call) -> ast.expr | None:
    """The dataset of `lambda: dataset.make_one_shot_iterator().get_next()`, an input function; None for other calls."""
    if not is_call(node, "get_next") or not isinstance(node.func, ast.Attribute) or node.args or node.keywords:
        return None
    dataset = iterated(node.func.value)
    return dataset if any(isinstance(f, ast.Lambda) and f.body is node for f in feeding) else None


def calls_iterator(node: ast.AST) -> bool:
    """True when a statement makes an iterator or takes what it gives."""
    return any(is_call(n, method) for n in descendants(node) for method in (*MAKERS, "get_next"))


def iterated(made: ast.expr) -> ast.expr | None:
    """The dataset of `dataset.make_one_shot_iterator()` or `tf.data.make_one_shot_iterator(dataset)`."""
    if not (isinstance(made, ast.Call) and is_call(made, MAKERS[0]) and isinstance(made.func, ast.Attribute)):
        return None
    if len(made.args) == 1 and not made.keywords:
        return made.args[0]
    return made.func.value if not made.args and not made.keywords else None


def is_call(node: ast.AST, method: str) -> bool:
    """True for `x.method(...)`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method


def binds(node: ast.stmt, name: str) -> bool:
    """True for `name = ...`."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return False
    return isinstance(node.targets[0], ast.Name) and node.targets[0].id == name


def mapped_dataset(ctx: Context, module: Module, shot: OneShot, render: Render) -> list[str] | None:
    """The dataset, mapped by a function of the statements behind the iterator; None when that is unknown."""
    names = element_names(ctx, shot)
    if names is None or not iterator_tails.keeps_its_form(ctx, list(shot.tail)):
        return None
    lines = iterator_tails.lines_of(module, list(shot.tail), render)
    return [f"def arrange({', '.join(names)}):", *lines, "", f"return {standalone(render(shot.dataset))}.map(arrange)"]


def element_names(ctx: Context, shot: OneShot) -> list[str] | None:
    """The names of the components of an element; None where it is not in sight how many there are."""
    parts = shot.targets.elts if isinstance(shot.targets, ast.Tuple) else [shot.targets]
    if not all(isinstance(part, ast.Name) for part in parts):
        return None
    if not isinstance(shot.targets, ast.Tuple) and not any(is_keyed(n, parts[0]) for n in parts_after(shot)):
        if is_numbered(parts_after(shot), ast.unparse(parts[0])):
            return [f"*{ast.unparse(parts[0])}"]
        if not iterator_tails.single(ctx, shot.dataset):
            return None
    return [ast.unparse(part) for part in parts]


def returned_dataset(ctx: Context, module: Module, shot: OneShot, render: Render) -> list[str] | None:
    """What the function returns instead: the dataset, its elements arranged as they were; None when that is unknown."""
    if shot.tail:
        return mapped_dataset(ctx, module, shot, render)
    value = shot.last.value if isinstance(shot.last, ast.Return) else None
    assert value is not None
    if isinstance(value, ast.Tuple) and len(value.elts) == 2 and is_none_literal(value.elts[1]):
        # labels that are None are no labels, and features that are no tuple need none around them
        value = value.elts[0]
        if not isinstance(value, ast.Dict) and element_names(ctx, shot) != [ast.unparse(value)]:
            return None
    dataset = standalone(render(shot.dataset))
    if not shot.between and ast.unparse(value) == ast.unparse(shot.targets):
        return [f"return {dataset}"]
    parts = element_names(ctx, shot)
    if parts is None:
        return None
    names = ", ".join(parts)
    shown = render(value)
    if isinstance(value, ast.Tuple) and not shown.startswith("("):
        shown = f"({shown})"
    if not shot.between:
        return [f"return {dataset}.map(lambda {names}: {shown})"]
    lines, into = [f"def arrange({names}):"], " " * unit_of(module.tree)
    for node in shot.between:
        targets = " = ".join(ast.unparse(t) for t in node.targets)
        lines += [into + line for line in f"{targets} = {render(node.value)}".split("\n")]
    return [*lines, f"{into}return {shown}", "", f"return {dataset}.map(arrange)"]


def parts_after(shot: OneShot) -> list[ast.AST]:
    """Everything that the statements behind the iterator consist of."""
    return [n for statement in (*shot.between, *shot.tail, shot.last) for n in descendants(statement)]


def is_numbered(nodes: list[ast.AST], name: str) -> bool:
    """True where a name is read as `name[0]`, `name[1]` and so on alone: an element with several components.

    A function that takes them all as `*name` fails for an element that is one tensor, as long as the second is read.
    """
    read = [n for n in nodes if isinstance(n, ast.Name) and n.id == name]
    items = [n for n in nodes if isinstance(n, ast.Subscript) and n.value in read and isinstance(n.ctx, ast.Load)]
    numbers = [n.slice.value for n in items if isinstance(n.slice, ast.Constant) and isinstance(n.slice.value, int)]
    return len(numbers) == len(items) == len(read) and min(numbers, default=0) >= 0 and max(numbers, default=0) > 0


def is_keyed(node: ast.AST, name: ast.expr) -> bool:
    """True for `name["key"]` and `name.pop(...)`: what the name stands for is one dictionary."""
    keyed = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
    keyed = keyed and isinstance(node.slice.value, str)  # type: ignore[attr-defined]
    methods = ("pop", "items", "keys", "values", "get", "update")
    if keyed or isinstance(node, ast.Attribute) and node.attr in methods:
        base = node.value  # type: ignore[attr-defined]
        return isinstance(base, ast.Name) and isinstance(name, ast.Name) and base.id == name.id
    return False


def replacement(ctx: Context, module: Module, shots: list[OneShot], node: ast.stmt, render: Render) -> list[str] | None:
    """New lines (unindented) for a statement of such a row, none for one that goes; None for any other statement."""
    for shot in shots:
        if node in shot.dropped:
            return []
        if node is shot.last:
            lines = returned_dataset(ctx, module, shot, render)
            if lines is None:
                raise ctx.refuse("iterator", node, module, "how an element of the dataset is made up is not in sight")
            indent = module.indent_of(node)
            fitted = (fit(indent + line) if "\n" not in line and line else [line] for line in lines)
            return [piece.removeprefix(indent) for pieces in fitted for piece in pieces]
    return None


def refuse_iterator(ctx: Context, module: Module, node: ast.Call) -> None:
    """Refuse an iterator that did not become its dataset: there is none in TensorFlow 2 that a graph steps through."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in MAKERS:
        if not any(isinstance(callee, Function) for callee in ctx.facts.callees.get(node, [])):
            raise ctx.refuse("iterator", node, module, f"what comes from `{node.func.attr}` is not returned as it is")
