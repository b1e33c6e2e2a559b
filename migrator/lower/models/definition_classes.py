"""The layer or metric class of a definition, made when it is first asked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from migrator.lower.models import metric_classes
from migrator.lower.models.class_owners import class_owner
from migrator.lower.models.owners import function_owner
from migrator.lower.reading.definitions import entry_function
from migrator.lower.reading.owner import Owner

if TYPE_CHECKING:
    from migrator.lower.reading.body import Body
    from migrator.lower.reading.context import Context
    from migrator.lower.reading.owning import Own


def lower_definition(ctx: Context, st: Body | None, own: Own) -> Owner:
    """The converted form of what an owning call calls, made when first asked for."""
    definition = own.definition
    assert definition is not None
    for other in own.alternatives:
        interchangeable(
            ctx, lower_definition(ctx, st, dataclasses.replace(own, alternatives=[])), lower_definition(ctx, st, other)
        )
    found = ctx.owners.get(definition)
    if isinstance(found, Owner):
        return found
    if found is not None:
        assert own.function is not None
        raise ctx.refuse("recursion", definition, own.function.scope.module, "a function builds layers through itself")

    ctx.owners[definition] = "in progress"
    function = own.function or entry_function(ctx, definition)
    if own.kind in ("entry", "object") and own.cls is not None:
        owner = class_owner(ctx, own.cls, definition, function)
    elif own.kind == "metric":
        owner = metric_classes.metric_owner(ctx, own)
    else:
        owner = function_owner(ctx, definition, function, own.cls)
    ctx.owners[definition] = owner
    return owner


def interchangeable(ctx: Context, a: Owner, b: Owner) -> None:
    """Refuse functions of which one or the other is called, when they became layers of different shape."""
    if a.training != b.training:
        # one of them ignores whether it trains: it takes the argument all the same
        ignoring = b if a.training else a
        if ignoring.compose is not None:
            ignoring.training = True
            ignoring.text = ignoring.compose()
    if (a.init_parameters, a.call_parameters, a.tensors, a.training) != (
        b.init_parameters,
        b.call_parameters,
        b.tensors,
        b.training,
    ):
        raise ctx.refuse(
            "function-choice",
            b.node,
            b.module,
            f"`{a.node.name}` and `{b.node.name}` are used alike but build differently",
        )
