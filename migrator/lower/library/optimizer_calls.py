"""A call that makes an optimizer: its Keras form, its schedule, and what sparse gradients ask of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.signatures import VARIABLES
from migrator.analysis.values import Opaque, Result, Stage, Symbol, options
from migrator.emit.fragments import call_text
from migrator.lower.library.rule_arguments import arguments, bound_or_refuse

if TYPE_CHECKING:
    from migrator.lower.library.rule_arguments import Render
    from migrator.lower.reading.context import Context
    from migrator.rulebook import Rule
    from migrator.source.module import Module


LOOKUPS = frozenset(
    {
        "tensorflow.nn.embedding_lookup",
        "tensorflow.nn.embedding_lookup_sparse",
        "tensorflow.gather",
        "tensorflow.contrib.layers.embedding_lookup_unique",
    }
)
LOOKUP_COLUMNS = {  # of the layers over feature columns: the columns whose weights are read by rows
    "tensorflow.feature_column.input_layer": ("embedding_column",),
    "tensorflow.keras.layers.DenseFeatures": ("embedding_column",),
    "tensorflow.contrib.layers.input_from_feature_columns": ("embedding_column",),
    "tensorflow.feature_column.linear_model": (
        "categorical_column_with",
        "sparse_column_with",
        "bucketized_column",
        "crossed_column",
    ),
}


def optimizer_text(ctx: Context, module: Module, rule: Rule, call: ast.Call, render: Render) -> str:
    """An optimizer's constructor: the target that is exact for its rate and its gradients, clipping included."""

    bound = bound_or_refuse(ctx, module, rule, call)
    rate = bound.get("learning_rate")
    target = rule.target or ""
    if rate is not None and is_schedule(ctx, module, rate):
        target = rule.scheduled or target
    if ctx.sparse_gradients:
        target = rule.sparse or target
    extra = [f"{name}={text}" for name, text in ctx.clipping]
    shown = [text for _, text in arguments(ctx, module, rule, call, render)]
    return ctx.use(module, call_text(target, shown + extra))


def is_schedule(ctx: Context, module: Module, node: ast.expr) -> bool:
    """True when a rate follows the step by a schedule with a rule; one written by hand refuses."""
    if node in ctx.computed_rates:
        return True
    value = ctx.facts.value(node)
    schedule = False
    for option in options(value) if value is not None else ():
        if isinstance(option, Result):
            rule = ctx.rules.find(option.symbol)
            if rule is not None and rule.kind == "schedule":
                schedule = True
            elif option.stage > Stage.STATIC:
                raise ctx.refuse(
                    "hand-written-schedule", node, module, "the learning rate is computed by graph operations"
                )
        elif isinstance(option, Opaque) and option.stage > Stage.STATIC:
            raise ctx.refuse("hand-written-schedule", node, module, "the learning rate is computed by graph operations")
    return schedule


def has_sparse_gradients(ctx: Context) -> bool:
    """True when a variable is read by rows, so that its gradient is an IndexedSlices."""
    for call, callees in ctx.facts.callees.items():
        for callee in callees:
            for option in options(callee):
                if isinstance(option, Symbol) and option.name == "tensorflow.keras.layers.Embedding":
                    return True  # whoever calls it: a stack of layers does too
                if isinstance(option, Symbol) and mentions(ctx, LOOKUP_COLUMNS.get(option.name, ())):
                    return True
                if isinstance(option, Symbol) and option.name in LOOKUPS and call.args:
                    source = ctx.facts.value(call.args[0])
                    if source is not None and any(
                        isinstance(o, Result) and o.symbol in VARIABLES for o in options(source)
                    ):
                        return True
    return False


def mentions(ctx: Context, names: tuple[str, ...]) -> bool:
    """True when the text of any file has one of the names: what a layer is given may come from anywhere in it."""
    return any(name in text for name in names for text in ctx.project.sources.values())
