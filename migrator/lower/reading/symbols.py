"""Which library symbol an expression is, and whether today's TensorFlow still has it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.arg_scopes import SCOPES
from migrator.analysis.values import Partial, Symbol, Value, options
from migrator.source.names import surviving
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.reading.context import Context
    from migrator.source.module import Module


VANISHING = frozenset(
    {
        "tensorflow.variable_scope",
        "tensorflow.name_scope",
        "tensorflow.device",
        "tensorflow.control_dependencies",
        *SCOPES,
    }
)


def symbol_of(ctx: Context, node: ast.AST) -> str | None:
    """The library symbol that an expression surely is, or None."""
    value = ctx.facts.value(node)
    if isinstance(value, Symbol):
        return value.name
    return None


def called_symbol(ctx: Context, call: ast.Call) -> str | None:
    """The library symbol that a call surely calls; for a partial function of a layer class, that class."""
    called = [o for value in ctx.facts.callees.get(call, []) for o in options(value)]
    found = {o.name if isinstance(o, Symbol) else partial_layer_class(ctx, o) for o in called}
    return found.pop() if len(found) == 1 else None


def partial_layer_class(ctx: Context, value: Value) -> str | None:
    """The layer class whose partial function a value is: a call of it is written with all arguments."""
    inner = value
    while isinstance(inner, Partial):
        inner = inner.function
    if inner is value or not isinstance(inner, Symbol):
        return None
    rule = ctx.rules.find(inner.name)
    return inner.name if rule is not None and rule.kind == "layer_class" else None


def has_rule(ctx: Context, symbol: str) -> bool:
    """True when a rule covers a name, or what the name is looked up in."""
    parts = symbol.split(".")
    return any(ctx.rules.find(".".join(parts[:size])) for size in range(2, len(parts) + 1))


def today(symbol: str) -> str:
    """A canonical name as today's code writes it."""
    return "tf." + symbol[len("tensorflow.") :]


def lives_on(symbol: str) -> bool:
    """True for a canonical name that today's TensorFlow has, whatever its arguments are now."""
    rest = symbol[len("tensorflow.") :]
    return rest in surviving() or rest.startswith(("keras.", "data."))


def imported_names(module: Module) -> set[str]:
    """Names that the file's import statements bind."""
    found = module.__dict__.get("_imported_names")
    if found is None:
        nodes = [n for n in descendants(module.tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
        found = {(a.asname or a.name).split(".")[0] for n in nodes for a in n.names}
        module.__dict__["_imported_names"] = found
    return set(found)
