"""Serving functions that change the dict of received tensors: what a client sends is what they made of it.

A graph of TensorFlow 1 is fed at any tensor. Where the features are the very dict that is received, and a function has
added to it, the client sends what was added too, and nothing is computed of it. The Keras form asks the same function
for the specifications of what it makes, and receives those.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Mapping
from migrator.lower.programs import iterator_tails
from migrator.lower.programs.received_tensors import check_defaults, is_placeholder
from migrator.lower.programs.serving import Serving
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


def taken_apart(ctx: Context, module: Module, function: ast.FunctionDef, call: ast.Call) -> Serving | None:
    """Such a serving function, from the placeholders to what is made of them; None for all others. May raise Refused.

    It binds the dict once, fills it with placeholders alone, and ends with the receiver.
    """
    last = function.body[-1]
    arguments = dict(zip(("features", "receiver_tensors"), call.args, strict=False))
    arguments.update({k.arg: k.value for k in call.keywords if k.arg})
    features, received = arguments.get("features"), arguments.get("receiver_tensors")
    if not (isinstance(last, ast.Return) and last.value is call and features is not None and len(arguments) == 2):
        return None
    value = ctx.facts.value(received) if isinstance(received, ast.Name) else None
    # one object of the analysis is one object of the program: a copy is another
    if not isinstance(received, ast.Name) or not isinstance(value, Mapping) or ctx.facts.value(features) is not value:
        return None
    if all(map(is_placeholder, value.items.values())):
        return None
    body = function.body[:-1]
    described = max((i + 1 for i, statement in enumerate(body) if has_placeholder(ctx, statement)), default=0)
    specs, made = body[:described], body[described:]
    if not made or iterator_tails.returns(body) or not all(describes(ctx, s, received.id) for s in specs):
        return None
    bound = {n.id for s in body for n in every(s, ast.Name) if isinstance(n.ctx, ast.Store)}
    before = {n.id for s in specs for n in every(s, ast.Name) if isinstance(n.ctx, ast.Store)}
    after = {n.id for s in made for n in every(s, ast.Name) if isinstance(n.ctx, ast.Store)}
    if before & after or received.id not in bound:
        return None
    check_defaults(ctx, module, specs)
    message = (
        f"a client sends what the function adds to `{received.id}` too, as before: "
        "give it a copy to have that computed of what is received"
    )
    ctx.note("serving-changed", "warning", module, call, message)
    ctx.lower_level("review")
    ending = ctx.use(module, "support.specs_of")
    return Serving(function, tuple(specs), received, False, tuple(made), features, received.id, (), (), ending)


def has_placeholder(ctx: Context, statement: ast.stmt) -> bool:
    """True for a statement that makes a placeholder."""
    return any(isinstance(n, ast.Call) and is_placeholder(ctx.facts.value(n)) for n in descendants(statement))


def describes(ctx: Context, statement: ast.stmt, name: str) -> bool:
    """True for a statement that computes no tensor: it fills the dict of a name with placeholders, or leaves it."""
    if not has_placeholder(ctx, statement):
        read = {n.id for n in every(statement, ast.Name)}
        empty = isinstance(statement, ast.Assign) and ast.unparse(statement.value) in ("{}", "dict()")
        return name not in read or empty
    match statement:
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.Dict(keys=keys, values=values)):
            return target == name and None not in keys and all(is_placeholder(ctx.facts.value(v)) for v in values)
        case ast.Assign(targets=[ast.Name(id=target)], value=ast.DictComp(value=made)):
            return target == name and is_placeholder(ctx.facts.value(made))
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=target))], value=made):
            return target == name and is_placeholder(ctx.facts.value(made))
        case ast.For(body=inner, orelse=[]):
            return all(describes(ctx, s, name) for s in inner)
    return False
