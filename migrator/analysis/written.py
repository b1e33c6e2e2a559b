"""Values written as expressions that the source does not have: what an argument is, where its own text cannot be read.

Such nodes carry `written`; they have the line of the call that they were made for, and no text in any file.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from migrator.analysis.values import Const, Mapping, Result, Sequence, Symbol, Value

if TYPE_CHECKING:
    from migrator.analysis.evaluation import Evaluation

PLAIN = (str, int, float, bool, type(None))
OBJECTS = ("initializer", "regularizer")
MODE = "told_by_mode"  # stands for what only the mode tells, and never is a text
FLAGS = ".FLAGS."
WITHOUT_EFFECT = frozenset({"outputs_collections", "variables_collections"})  # they only keep what is made
Node = TypeVar("Node", bound=ast.AST)


def call(ev: Evaluation, where: ast.Call, function: ast.expr, kwargs: dict[str, Value]) -> ast.Call | None:
    """A call with these values as its keywords; None where one of them cannot be written.

    Values that are the same in every mode, or that only say whether the mode is training, give the same call each time.
    """
    values = {name: expression(ev, value) for name, value in kwargs.items()}
    values = {name: node for name, node in values.items() if node is not None or name not in WITHOUT_EFFECT}
    keywords = [ast.keyword(name, node) for name, node in values.items() if node is not None]
    if len(keywords) < len(values):
        return None
    made = new(ast.Call(function, [], keywords))
    made = ev.facts.written.setdefault((where, ast.dump(made)), made)
    for keyword in made.keywords:
        record(ev, keyword.value, kwargs[keyword.arg or ""])
    for node in (n for k in made.keywords for n in (k, *ast.walk(k.value))):
        ast.copy_location(node, where)
    return ast.copy_location(made, where)


def expression(ev: Evaluation, value: Value) -> ast.expr | None:
    """A value as an expression that means the same in every file; None for one that has none."""
    match value:
        case Const() if value.mode:
            return new(ast.Name(MODE, ast.Load())) if value.value is (ev.mode == "train") else None
        case Const() if isinstance(value.value, PLAIN):
            return new(ast.Constant(value.value))
        case Symbol() if FLAGS in value.name:
            return flag(ev, value.name)
        case Symbol() if value.name.startswith("tensorflow."):
            return dotted(value.name)
        case Sequence() if not value.open:
            items = [expression(ev, item) for item in value.items]
            known = [item for item in items if item is not None]
            display = ast.List if value.kind is list else ast.Tuple
            return new(display(known, ast.Load())) if len(known) == len(items) else None
        case Mapping() if not value.open:
            values = [expression(ev, item) for item in value.items.values()]
            known = [item for item in values if item is not None]
            keys: list[ast.expr | None] = [new(ast.Constant(key)) for key in value.items]
            return new(ast.Dict(keys, known)) if len(known) == len(values) else None
        case Result() if not value.part:
            return library_object(ev, value)
    return None


def library_object(ev: Evaluation, value: Result) -> ast.expr | None:
    """An initializer or regularizer, made anew with its arguments by name."""
    rule = ev.rules.find(value.symbol)
    if rule is None or rule.kind not in OBJECTS or not all(name.isidentifier() for name in value.bound):
        return None
    given = {name: expression(ev, inner) for name, inner in value.bound.items()}
    keywords = [ast.keyword(name, node) for name, node in given.items() if node is not None]
    return new(ast.Call(dotted(value.symbol), [], keywords)) if len(keywords) == len(given) else None


def flag(ev: Evaluation, name: str) -> ast.expr | None:
    """A flag of the program, where the file that reads it has the flags under their usual name too."""
    holder, _, rest = name.partition(FLAGS)
    scope = ev.frame.scope if ev.frame is not None else None
    while scope is not None and "FLAGS" not in scope.names:
        scope = scope.parent
    known = scope.names["FLAGS"] if scope is not None else None
    if not isinstance(known, Symbol) or f"{known.name}." != f"{holder}{FLAGS}" or not rest.isidentifier():
        return None
    return new(ast.Attribute(new(ast.Name("FLAGS", ast.Load())), rest, ast.Load()))


def dotted(symbol: str) -> ast.expr:
    """A library name as today's code writes it."""
    first, *rest = ("tf", *symbol.split(".")[1:])
    node: ast.expr = new(ast.Name(first, ast.Load()))
    for name in rest:
        node = new(ast.Attribute(node, name, ast.Load()))
    return node


def record(ev: Evaluation, node: ast.expr, value: Value) -> None:
    """Note what an expression is in this mode, with the parts of it."""
    ev.facts.record(node, ev.mode, value)
    match node, value:
        case ast.Call(), Result():
            ev.facts.callees[node] = [Symbol(value.symbol)]
            ev.facts.record(node.func, ev.mode, Symbol(value.symbol))
            for keyword, inner in zip(node.keywords, value.bound.values(), strict=True):
                record(ev, keyword.value, inner)
        case ((ast.List() | ast.Tuple()), Sequence()):
            for item, inner in zip(node.elts, value.items, strict=True):
                record(ev, item, inner)
        case ast.Dict(), Mapping():
            for item, inner in zip(node.values, value.items.values(), strict=True):
                record(ev, item, inner)


def new(node: Node) -> Node:
    """A node that stands in no file."""
    node.written = True  # type: ignore[attr-defined]
    return node
