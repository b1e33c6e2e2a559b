"""Statements run for their effect: which stay, and which go because they carry no number."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import phases
from migrator.analysis.library_calls import CURRENT_SCOPE
from migrator.analysis.values import Result, Stage, Symbol
from migrator.lower.reading import symbols

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body

SILENT = ("tensorflow.logging.", "tensorflow.summary.", "builtins.print", "logging.", "absl.logging.", "pprint.")
COLLECTIONS = ("tensorflow.add_to_collection", "tensorflow.contrib.layers.summarize")


def keeps(st: Body, call: ast.Call) -> bool:
    """True when a bare call must stay in the call half. Dropping one leaves a finding; unsure refuses."""
    symbol = symbols.called_symbol(st.ctx, call) or ""
    rule = st.ctx.rules.find(symbol) if symbol else None
    if symbol.startswith(SILENT) or (rule is not None and rule.kind == "drop"):
        what = "summary" if ".summary." in symbol else "message"
        st.ctx.note("dropped-call", "info", st.module, call, f"a {what} written while the graph was built is dropped")
        return False
    if phases.is_setter(symbol):
        return False  # the layers that followed it are told `training`
    if isinstance(call.func, ast.Attribute) and call.func.attr == "reuse_variables":
        scope = st.ctx.facts.value(call.func.value)
        if isinstance(scope, Result) and scope.symbol in (CURRENT_SCOPE, "tensorflow.variable_scope"):
            return False  # which layers are the same was found out by name
    if st.ctx.facts.stage(call) is Stage.STATIC and not symbol.startswith("tensorflow."):
        # it changes program state at construction at most: kept there when something reads it
        return False
    if symbol.startswith("tensorflow.add_to_collection"):
        raise st.ctx.refuse("collection", call, st.module, "a collection carries values to code that is not in sight")
    value = st.ctx.facts.callees.get(call, [])
    return not any(isinstance(v, Symbol) and v.name.startswith("builtins.") for v in value)
