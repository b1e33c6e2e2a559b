"""`slim.repeat`: a layer a number of times, each on the result of the one before, in a Sequential."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.written import new
from migrator.emit.fragments import call_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.sites import Site


def plain(ctx: Context, call: ast.Call) -> ast.Call:
    """The call of the layer that is repeated, with its arguments; any other call as it is."""
    if call not in ctx.facts.repeats:
        return call
    return ast.copy_location(ast.Call(call.args[2], [call.args[0], *call.args[3:]], call.keywords), call)


def names_of(ctx: Context, call: ast.Call) -> list[str]:
    """What the layers are called inside the scope of their repetition; none for any other call."""
    scope = next((k.value for k in call.keywords if k.arg == "scope"), None)
    given = scope.value if isinstance(scope, ast.Constant) and isinstance(scope.value, str) else ""
    return [f"{given}_{number + 1}" for number in range(ctx.facts.repeats.get(call, 0))]


def creation_text(st: Body, site: Site, call: ast.Call, single: Callable[[ast.Call], str]) -> str:
    """What makes the layers; `single` makes one of them from its call."""
    names = names_of(st.ctx, site.own.call)
    if not names:
        return single(call)
    found = []
    for name in names:
        keywords = [ast.keyword(k.arg, new(ast.Constant(name)) if k.arg == "scope" else k.value) for k in call.keywords]
        found.append(single(ast.copy_location(ast.Call(call.func, call.args, keywords), call)))
    return st.ctx.use(st.module, call_text("keras.Sequential", [f"[{', '.join(found)}]"]))


def weights(st: Body, site: Site, single: dict[str, str]) -> dict[str, str]:
    """Legacy variable -> path for all the layers; `single` are those of one."""
    names = names_of(st.ctx, site.own.call)
    if not names:
        return single
    return {
        f"{name}/{variable}": f"layers.{place}.{path}"
        for place, name in enumerate(names)
        for variable, path in single.items()
    }
