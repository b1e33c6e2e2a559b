"""Serving functions: the tensors that a served model takes, and the features made of them.

A legacy serving function builds placeholders and features from them, and gives both to a ServingInputReceiver. The
Keras form returns the specifications of the tensors, with a function that makes the features where they differ.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Mapping, Result, Value
from migrator.emit.fragments import Renderer, call_text
from migrator.emit.layout import fit
from migrator.lower.programs import iterator_tails, received_tensors
from migrator.lower.programs.received_tensors import is_placeholder
from migrator.lower.reading.context import Context, fresh
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.source.module import Module

RECEIVER = "tensorflow.estimator.export.ServingInputReceiver"
RECEIVERS = frozenset({RECEIVER, "tensorflow.estimator.export.TensorServingInputReceiver"})  # of one tensor
PARSING = "tensorflow.estimator.export.build_parsing_serving_input_receiver_fn"
SINGLE = "input"  # the name that TF1 gives a received tensor that stands alone

Render = Callable[..., str]


@dataclasses.dataclass(frozen=True, eq=False)
class Serving:
    """A serving function, taken apart.

    `features` are the statements that make features of the received tensors; empty `result` where the tensors are the
    features. `parameter` is the name under which those statements know the tensors, `unpacked` what else they read.
    """

    node: ast.FunctionDef
    specs: tuple[ast.stmt, ...]
    received: ast.expr
    single: bool
    features: tuple[ast.stmt, ...]
    result: ast.expr | None
    parameter: str
    unpacked: tuple[tuple[str, str], ...]
    dropped: tuple[ast.stmt, ...]
    specifying: str = ""


def receiver_of(ctx: Context, function: ast.AST) -> ast.Call | None:
    """The ServingInputReceiver, or that of one tensor, which a function's last statement returns, or None."""
    if not isinstance(function, ast.FunctionDef):
        return None
    for node in descendants(function):
        if isinstance(node, ast.Call):
            value = ctx.facts.value(node)
            if isinstance(value, Result) and value.symbol in RECEIVERS and value.call is node and not value.part:
                return node
    return None


def parses_examples(ctx: Context, function: ast.AST) -> bool:
    """True for a function that ends by calling what makes the receiver of serialised examples."""
    last = function.body[-1] if isinstance(function, ast.FunctionDef) else None
    call = last.value if isinstance(last, ast.Return) else None
    if not isinstance(function, ast.FunctionDef) or not isinstance(call, ast.Call) or call.args or call.keywords:
        return False
    value = ctx.facts.value(call.func)
    parsing = isinstance(value, Result) and value.symbol == PARSING and not value.part
    return parsing and len(iterator_tails.returns(function.body)) == 1


def taken_apart(ctx: Context, module: Module, function: ast.FunctionDef, call: ast.Call) -> Serving:
    """A serving function in its two parts. Raises Refused where they cannot be told apart."""

    def refuse(node: ast.AST, message: str) -> Exception:
        return ctx.refuse("serving", node, module, message)

    last = function.body[-1]
    returned = last.value if isinstance(last, ast.Return) else None
    body = list(function.body[:-1])
    if isinstance(returned, ast.Name) and body and _binds(body[-1], returned.id, call):
        body.pop()
    elif returned is not call:
        raise refuse(call, "the serving function does not end with its receiver")
    if iterator_tails.returns(body):
        raise refuse(call, "the serving function returns in several places")
    arguments = dict(zip(("features", "receiver_tensors"), call.args, strict=False))
    arguments.update({k.arg: k.value for k in call.keywords if k.arg in ("features", "receiver_tensors")})
    if len(arguments) != 2 or len(call.args) + len(call.keywords) != 2:
        raise refuse(call, "the receiver has other arguments than features and receiver_tensors")
    features, received = arguments["features"], arguments["receiver_tensors"]
    docs = body[:1] if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else []
    specs, rest = _backwards(body[len(docs) :], _loads(received))
    value = ctx.facts.value(received)
    single = not isinstance(value, Mapping)
    if not all(map(is_placeholder, value.items.values())) if isinstance(value, Mapping) else not is_placeholder(value):
        raise refuse(received, "what the served model receives cannot be followed")
    for statement in (*specs, received):
        for node in descendants(statement):
            if isinstance(node, ast.Call) and not is_placeholder(ctx.facts.value(node)) and _computes(ctx, node):
                raise refuse(node, "a received tensor is computed before it is received")
    received_tensors.check_defaults(ctx, module, (*specs, received))
    direct = not single and _same(ctx.facts.value(features), value)
    made, others = _backwards(rest, _loads(features))
    if any(is_placeholder(ctx.facts.value(n)) and isinstance(n, ast.Call) for s in rest for n in descendants(s)):
        raise refuse(call, "a placeholder is fed that the receiver does not name")
    kept = [s for s in others if not any(_reads_tensor(ctx, n) for n in descendants(s))]
    specs = [s for s in body[len(docs) :] if s in specs or s in kept]
    dropped = tuple(s for s in others if s not in kept)
    if direct:
        return Serving(function, (*docs, *specs), received, single, (), None, "", (), (*made, *dropped))
    bound = {n for s in specs for n in _stores(s)}
    inner = {n for s in made for n in _stores(s)}
    wanted = {n for part in (*made, features) for n in _loads(part)} & bound
    parameter, unpacked = "", []
    for name in sorted(wanted):
        given = _value_of(ctx, (*made, features), name)
        if given is not None and not single and _same(given, value) and isinstance(given, Mapping):
            if parameter:
                raise refuse(call, f"the received tensors are read under two names: `{parameter}` and `{name}`")
            parameter = name
        elif is_placeholder(given):
            key = SINGLE if single else _key_of(value, given)
            if key is None:
                raise refuse(call, f"under which name `{name}` is received is not known")
            unpacked.append((name, key))
        elif given is None or _holds_placeholder(given):
            raise refuse(call, f"`{name}` holds received tensors among other things")
    if inner & bound - {parameter}:
        raise refuse(call, f"`{sorted(inner & bound - {parameter})[0]}` is used for tensors and for features")
    taken = {n.id for n in every(function, ast.Name)}
    name = parameter or fresh("tensors", taken)
    return Serving(function, (*docs, *specs), received, single, tuple(made), features, name, tuple(unpacked), dropped)


def function_lines(serving: Serving, module: Module, render: Callable[[ast.AST], str | None]) -> list[str]:
    """The new text of a serving function, its own indentation taken off."""
    renderer = Renderer(module, render)
    node = serving.node
    start, _ = module.span(node)
    first = module.line_start(node.body[0].lineno)
    indent = module.indent_of(node)
    body = module.indent_of(node.body[0]) or indent + "    "
    step = body.removeprefix(indent) or "    "
    parts = [module.text[start:first].rstrip("\n")]
    at = first
    for statement in node.body:
        begin, end = module.span(statement)
        if statement in serving.specs:
            parts.append(module.text[at:begin].strip("\n") + _fitted(renderer, statement, 0, body))
        line_end = module.text.find("\n", end)
        at = line_end + 1 if line_end >= 0 else len(module.text)
    received = renderer.expression(serving.received)
    if serving.single:
        received = f'{{"{SINGLE}": {received}}}'
    if serving.result is None:
        parts += [*fit(f"{body}return {received}")]
        return [line.removeprefix(indent) for line in "\n".join(parts).split("\n")]
    taken = {n.id for n in every(node, ast.Name)}
    name = fresh("to_features", taken)
    deep = body + step
    parts += ["", f"{body}def {name}({serving.parameter}):"]
    parts += [f"{deep}{target} = {serving.parameter}[{key!r}]" for target, key in serving.unpacked]
    for statement in serving.features:
        begin, _ = module.span(statement)
        above = _comments_above(module, statement)
        parts += [f"{deep}{comment}" for comment in above]
        parts.append(deep + _fitted(renderer, statement, len(step), deep))
    parts += [*fit(f"{deep}return {renderer.expression(serving.result, len(step))}"), ""]
    ending = call_text(serving.specifying, [name, received]) if serving.specifying else f"{received}, {name}"
    parts += fit(f"{body}return {ending}")
    return [line.removeprefix(indent) for line in "\n".join(parts).split("\n")]


def parsing_text(ctx: Context, module: Module, call: ast.Call, render: Render) -> str:
    """`parsing_receiver_fn(...)` for a receiver of serialised examples."""
    arguments = dict(zip(("feature_spec", "default_batch_size"), call.args, strict=False))
    arguments.update({k.arg: k.value for k in call.keywords if k.arg})
    if set(arguments) != {"feature_spec"}:
        raise ctx.refuse("serving", call, module, "a fixed batch size of the served model is not covered")
    return ctx.use(module, call_text("support.parsing_receiver_fn", [render(arguments["feature_spec"])]))


# ---------------------------------------------------------------------------------------------------------- pieces
def _backwards(body: list[ast.stmt], live: set[str]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that make the live names, and the others, both in order."""
    taken: list[ast.stmt] = []
    others: list[ast.stmt] = []
    live = set(live)
    for statement in reversed(body):
        if _stores(statement) & live:
            taken.insert(0, statement)
            live |= _loads(statement)
        else:
            others.insert(0, statement)
    return taken, others


def _stores(statement: ast.stmt) -> set[str]:
    """Names that a statement binds, or whose object it changes by an item or a method."""
    found: set[str] = set()
    for node in (statement, *descendants(statement)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found |= _head(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            func = node.value.func
            found |= _head(func) if isinstance(func, ast.Attribute) else set()
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
    return found - _inner_names(statement)


def _inner_names(statement: ast.stmt) -> set[str]:
    """Names bound by comprehensions and lambdas, which no other statement sees."""
    found: set[str] = set()
    for node in descendants(statement):
        if isinstance(node, ast.comprehension):
            found |= {n.id for n in every(node.target, ast.Name)}
            found |= {node.target.id} if isinstance(node.target, ast.Name) else set()
    return found


def _head(node: ast.expr) -> set[str]:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _loads(node: ast.AST) -> set[str]:
    found = {n.id for n in (node, *descendants(node)) if isinstance(n, ast.Name)}
    return found


def _binds(statement: ast.stmt, name: str, call: ast.Call) -> bool:
    """True for `name = ServingInputReceiver(...)`."""
    return (
        isinstance(statement, ast.Assign)
        and statement.value is call
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id == name
    )


def _computes(ctx: Context, node: ast.Call) -> bool:
    """True for a call of the library on a received tensor."""
    value = ctx.facts.value(node)
    if not isinstance(value, Result) or not value.symbol.startswith("tensorflow."):
        return False
    return any(_reads_tensor(ctx, inner) for inner in descendants(node))


def _reads_tensor(ctx: Context, node: ast.AST) -> bool:
    return isinstance(node, ast.expr) and _holds_placeholder(ctx.facts.value(node))


def _holds_placeholder(value: Value | None) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_placeholder(v) for v in value.items.values())
    return is_placeholder(value)


def _same(a: Value | None, b: Value | None) -> bool:
    """True when two values hold the same received tensors under the same names."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.open or b.open:
            return a is b or (a == b and bool(a.items))
        return a.items.keys() == b.items.keys() and all(_same(v, b.items[k]) for k, v in a.items.items())
    return isinstance(a, Result) and isinstance(b, Result) and is_placeholder(a) and a.call is b.call


def _value_of(ctx: Context, parts: tuple[ast.AST, ...], name: str) -> Value | None:
    """What a name stands for where it is first read."""
    for part in parts:
        for node in (part, *descendants(part)):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                return ctx.facts.value(node)
    return Const(None)


def _key_of(received: Value | None, placeholder: Value | None) -> str | None:
    """The name under which a placeholder is received."""
    if isinstance(received, Mapping) and isinstance(placeholder, Result):
        for key, value in received.items.items():
            if isinstance(value, Result) and value.call is placeholder.call:
                return str(key)
    return None


def _comments_above(module: Module, statement: ast.stmt) -> list[str]:
    """The comments on the lines just above a statement."""
    last = statement.lineno - 1
    first = last
    lines = module.text.split("\n")
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return [line.strip() for line in lines[first:last]]


def _fitted(renderer: Renderer, statement: ast.stmt, shift: int, indent: str) -> str:
    """A statement's new text with the comment behind it; a long line is broken."""
    module = renderer.module
    text = renderer.inside(statement, shift)
    _, end = module.span(statement)
    tail = module.text[end : module.text.find("\n", end) if "\n" in module.text[end:] else len(module.text)]
    behind = tail.rstrip() if tail.lstrip().startswith("#") else ""
    if "\n" not in text:
        lines = fit(indent + text + behind)
        return "\n".join([lines[0].removeprefix(indent), *lines[1:]])
    return text + behind
