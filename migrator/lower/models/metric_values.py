"""The values that metrics have: which expressions are one, which operations update them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, Sequence, Value, options
from migrator.lower.spec.train_ops import obstacle
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.sites import Site
    from migrator.lower.spec.metric_entries import Entry


def refusal(parts: ModelParts, entry: Entry, message: str) -> Exception:
    """The refusal of one entry."""
    return parts.ctx.refuse("metrics", entry.value, entry.module, f"the metric {ast.unparse(entry.key)} {message}")


def no_pair(parts: ModelParts, entry: Entry) -> Exception:
    """The refusal of an entry that is no metric in any form; it names what makes the entry, where that has a name."""
    value = parts.ctx.facts.value(entry.value, "eval")
    found = list(options(value)) if value is not None else []
    symbols = [o.symbol for o in found if isinstance(o, Result) and o.symbol.startswith("tensorflow.contrib.")]
    made = [symbol for symbol in symbols if parts.ctx.rules.find(symbol) is None]
    why = f": `{made[0]}` is not covered yet" if made else obstacle(found)
    return refusal(parts, entry, f"is neither a tf.metrics call nor a pair of a value and an update{why}")


def updates(parts: ModelParts, entry: Entry, value: Value | None) -> set[ast.Call]:
    """The metrics that an update operation updates."""
    found: set[ast.Call] = set()
    for option in options(value) if value is not None else ():
        if isinstance(option, Sequence):
            found |= {call for item in option.items for call in updates(parts, entry, item)}
            continue
        rule = parts.ctx.rules.find(option.symbol) if isinstance(option, Result) else None
        if isinstance(option, Result) and rule is not None and rule.kind == "metric" and option.part in ((), (1,)):
            found.add(option.call)
        elif isinstance(option, Result) and option.symbol == "tensorflow.group" and not option.part:
            for name, item in option.bound.items():
                found |= updates(parts, entry, item) if name != "name" else set()
        elif not (isinstance(option, Result) and option.symbol in ("tensorflow.no_op", "tensorflow.constant")):
            raise refusal(parts, entry, "is updated by an operation that cannot be followed")
    return found


def value_site(st: Body, node: ast.AST, whole: bool = False) -> Site | None:
    """The metric whose value an expression is: `precision[0]`, or a name that the pair was unpacked into."""
    if whole and isinstance(node, ast.Call) and node in st.sites and st.sites[node].own.kind == "metric":
        return st.sites[node]
    if not isinstance(node, (ast.Name, ast.Subscript)) or isinstance(node.ctx, ast.Store):
        return None
    value = st.ctx.facts.value(node, "eval")
    if not isinstance(value, Result) or value.part != (() if whole else (0,)):
        return None
    rule = st.ctx.rules.find(value.symbol)
    site = st.sites.get(value.call)
    return site if rule is not None and rule.kind == "metric" and site is not None and not site.loops else None


def value_loads(st: Body, node: ast.AST) -> set[str]:
    """The names that computing a value reads, metrics left out: their objects are at hand."""
    taken = {n for part in descendants(node) if is_value(st, part) for n in descendants(part)}
    known = {n.id for n in taken if isinstance(n, ast.Name)}
    return st.loads_call(node) - known


def is_value(st: Body, node: ast.AST) -> bool:
    """True for an expression that is a metric's value, or the pair where nothing but the value is asked for."""
    return value_site(st, node) is not None or value_site(st, node, whole=True) is not None
