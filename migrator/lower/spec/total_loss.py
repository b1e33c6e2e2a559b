"""`tf.losses.get_total_loss()`: the losses that the program's own calls collected before, and those of regularizers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Symbol, options
from migrator.lower.spec.gradients import around
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context

TOTAL = "tensorflow.losses.get_total_loss"


def is_total(ctx: Context, node: ast.AST) -> bool:
    """True for a call of get_total_loss."""
    value = ctx.facts.value(node) if isinstance(node, ast.Call) else None
    return isinstance(value, Result) and value.call is node and value.symbol == TOTAL


def terms(st: Body, node: ast.Call) -> list[str | ast.Call]:
    """What is added up: names that hold losses, and calls that make one which has no name.

    Refuses losses that are collected in another function, in a branch or loop, or that the program adds by hand.
    """

    def refuse(where: ast.AST, why: str) -> None:
        raise st.ctx.refuse("total-loss", where, st.module, why)

    function = around(st.module, node)
    if function is not st.node or not st.is_model:
        refuse(node, "the losses are added up in another function than the model_fn")
    found: list[str | ast.Call] = []
    for call in collected(st.ctx):
        if not any(call is n for n in descendants(st.node)):
            refuse(call, "a loss is collected in another function")
        statement = holding(st.node, call)
        if around(st.module, call) is not st.node or statement is None:
            refuse(call, "a loss is collected in a branch, or as a part of an expression")
        assert statement is not None
        if any(k.arg in ("loss_collection", "reduction") for k in call.keywords):
            refuse(call, "a loss is kept in a collection of its own, or by element")
        if call.lineno > node.lineno:
            continue
        term: str | ast.Call = call
        read = {n.id for n in every(call, ast.Name)}
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            term = statement.targets[0].id
            read = {term}
        stores = [n for n in every(st.node, ast.Name) if isinstance(n.ctx, ast.Store)]
        if any(n.id in read and statement.lineno < n.lineno < node.lineno for n in stores):
            refuse(node, "what the loss is made of has another value by then")
        found.append(term)
    if not found:
        refuse(node, "no loss was found that is collected before")
    return found


def holding(function: ast.FunctionDef, call: ast.Call) -> ast.stmt | None:
    """The statement that is nothing but a call, or its assignment to a name, and that no loop or branch holds."""
    for node in descendants(function):
        if isinstance(node, (ast.For, ast.While, ast.Try)) and call in descendants(node):
            return None
        if isinstance(node, ast.If) and any(call in descendants(s) for s in (*node.body, *node.orelse)):
            return None
    for node in descendants(function):
        if isinstance(node, ast.Expr) and node.value is call:
            return node
        if isinstance(node, ast.Assign) and node.value is call and len(node.targets) == 1:
            return node if isinstance(node.targets[0], ast.Name) else None
    return None


def collected(ctx: Context) -> list[ast.Call]:
    """The calls that collect a loss, in source order."""
    found: list[ast.Call] = []
    for call, callees in ctx.facts.callees.items():
        for callee in callees:
            for option in options(callee):
                if not isinstance(option, Symbol):
                    continue
                rule = ctx.rules.find(option.name)
                loss = rule is not None and rule.kind == "loss" and ".losses." in option.name
                if loss or option.name.endswith(("losses.add_loss", "losses.compute_weighted_loss")):
                    found.append(call)
    return sorted(dict.fromkeys(found), key=lambda call: (call.lineno, call.col_offset))


def text(st: Body, node: ast.Call) -> str:
    """The sum in a method of the model."""
    shown = [term if isinstance(term, str) else st.call_text(term) for term in terms(st, node)]
    value = st.ctx.facts.value(node)
    adding = value.bound.get("add_regularization_losses", value.bound.get("0")) if isinstance(value, Result) else None
    if adding is not None and not isinstance(adding, Const):
        raise st.ctx.refuse("total-loss", node, st.module, "whether regularisation counts is only known at run time")
    if regularizes(st.ctx) and (adding is None or adding.value):
        shown.append("sum(self.losses)")
    whole = any(isinstance(n, (ast.Assign, ast.Return)) and n.value is node for n in descendants(st.node))
    return " + ".join(shown) if len(shown) == 1 or whole else f"({' + '.join(shown)})"


def regularizes(ctx: Context) -> bool:
    """True when some layer or variable may have a regularizer."""
    return any("regularizer" in source for source in ctx.project.sources.values())
