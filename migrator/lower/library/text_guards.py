"""What written text may not hold: legacy names that are left over, names that nothing defines."""

from __future__ import annotations

import ast
import builtins
import functools
import re
import symtable
from typing import TYPE_CHECKING

from migrator.analysis.facts import Refusal
from migrator.lower.reading.context import Context, Refused
from migrator.source.inventory import import_aliases
from migrator.source.syntax import descendants, first_name, syntax_of

if TYPE_CHECKING:
    from migrator.source.module import Module


def check_leftovers(ctx: Context, module: Module, node: ast.AST, text: str) -> None:
    """Refuse generated code that still names removed parts of TensorFlow."""
    imported = import_aliases(module.tree)
    aliases = [a for a, name in imported.items() if name in ("tensorflow", "tensorflow.compat.v1")]
    ended = {a for a, name in imported.items() if name.startswith(("tensorflow.contrib", "tf_slim"))}
    written = descendants(syntax_of(text))
    ended -= {n.id for n in written if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    ended -= {n.arg for n in written if isinstance(n, ast.arg)}
    for inner in written:
        if isinstance(inner, ast.Name) and inner.id in ended:
            raise ctx.refuse("leftover", node, module, f"`{inner.id}` would be left in the converted code")
        if isinstance(inner, ast.Attribute) and first_name(inner) in aliases:
            dotted = ast.unparse(inner)
            head, _, rest = dotted.partition(".")
            if head in aliases and rest.startswith(LEFTOVERS) and not rest.startswith(("train.latest", "train.load")):
                raise ctx.refuse("leftover", node, module, f"`{dotted}` would be left in the converted code")


def check_schedules(ctx: Context, module: Module, node: ast.AST, lines: list[str]) -> None:
    """Refuse a model that makes a schedule beside its optimizer's: it reads a rate, which an object of Keras is not."""
    if any("keras.optimizers.schedules." in line for line in lines):
        message = "the model reads the learning rate of a schedule: an optimizer of Keras alone knows its step"
        raise ctx.refuse("schedule-value", node, module, message)


def check_names(path: str, before: str, after: str) -> None:
    """Refuse a text that reads names which nothing defines, unless the legacy text did. Raises Refused.

    A text that does not parse is a fault of the tool: it is refused with that reason.
    """
    try:
        new = undefined_names(after) - undefined_names(before)
    except SyntaxError as error:
        message = f"the planned text does not parse: {error.msg}"
        raise Refused(Refusal("fault", path, error.lineno or 1, message)) from None
    if new:
        name = sorted(new)[0]
        message = f"`{name}` would be read in the converted code, where nothing defines it"
        raise Refused(Refusal("undefined-name", path, 1, message))


@functools.lru_cache(maxsize=128)
def undefined_names(text: str) -> frozenset[str]:
    """Global names that are read somewhere and bound nowhere in the file. Raises SyntaxError."""
    top = symtable.symtable(text, "module", "exec")
    if STAR.search(text) and any(
        isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in descendants(syntax_of(text))
    ):
        return frozenset()
    known = set(dir(builtins)) | {"__file__", "__name__", "__doc__", "__path__", "__package__", "__spec__"}
    read: set[str] = set()
    todo = [top]
    while todo:
        scope = todo.pop()
        todo += scope.get_children()
        for symbol in scope.get_symbols():
            bound = symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
            if symbol.is_declared_global() or (scope is top and bound):
                known.add(symbol.get_name())
            if symbol.is_referenced() and (symbol.is_global() or scope is top):
                read.add(symbol.get_name())
    return frozenset(read - known)


STAR = re.compile(r"\bimport\s*\(?\s*\*")
LEFTOVERS = ("layers", "estimator", "contrib", "losses", "metrics", "get_variable", "variable_scope", "train.")
