"""The method `values` of a layer of metrics: what the function that it was returned beside its metrics."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.lower.bodies import rendering
from migrator.lower.reading.class_lines import def_line, signature
from migrator.lower.reading.slices import slice_steps
from migrator.lower.spec.returned_values import METHOD, beside_metrics, returned

if TYPE_CHECKING:
    from migrator.analysis.modes import Step
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.owner import Owner


def values_lines(ctx: Context, st: Body, owner: Owner) -> list[str]:
    """The method's lines, empty where it cannot be written: where values need layers, or are not told apart."""
    ways, kept = returned(ctx, owner.node), beside_metrics(ctx, owner.node)
    if not ways or not kept or owner.tensors or METHOD in {site.attr for site in st.sites.values()}:
        return []
    told: dict[ast.AST, list[ast.expr]] = {}
    for one, parts in ways.items():
        told[one] = told[one.value or one] = [parts[at] for at in kept]

    def read(node: ast.AST) -> set[str]:
        return set().union(*map(st.loads_call, told[node])) if node in told else st.loads_call(node)

    def last(step: Step) -> list[str]:
        return rendering.wrapped("return ", ", ".join(map(st.call_text, told[step.node])), "")

    needed, start = slice_steps(st.steps, set(), read, lambda step: step.node in told)
    given = signature(owner.node, owner.module, owner.call_parameters, st)
    lines = rendering.compact(rendering.call_block(st, st.steps, needed, "        ", last))
    if any(site.step in needed for site in st.sites.values()) or st.uses_training:
        return []
    if start - set(owner.call_parameters) - st.captured.keys():
        return []
    doc = '        """What is computed beside the metrics; nothing is updated."""'
    return [*def_line(METHOD, ["self", *given]), doc, *lines]


def tell_values(ctx: Context, owner: Owner, lines: list[str]) -> None:
    """Give the class of a function of metrics the method, which updates nothing."""
    if not lines:
        message = f"what `{owner.node.name}` returns beside its metrics needs more than its arguments"
        raise ctx.refuse("metrics", owner.node, owner.module, message)
    compose, method = owner.compose, "\n".join(lines)
    assert compose is not None
    owner.compose = lambda: compose().rstrip("\n") + "\n\n" + method
    owner.text = owner.text.rstrip("\n") + "\n\n" + method
