"""The methods of `tf.contrib.learn.Estimator`: fit, partial_fit, evaluate and predict, on functions or on arrays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import learn
from migrator.analysis.values import Const, Mapping, Result, options
from migrator.emit.fragments import call_text
from migrator.lower.programs import input_datasets
from migrator.lower.programs.groups import Render, given
from migrator.lower.reading import symbols
from migrator.lower.spec import hooks
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.detect.program import Use
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

METHODS = ("fit", "partial_fit", "evaluate", "predict")
PREDICTING = frozenset(method for methods in learn.SINGLE.values() for method in methods)
ARRAYS = {"x", "y", "batch_size"}
# arguments that decide nothing: where results are written, and what is logged
QUIET = {"name", "log_progress"}
REASONS = {
    "metrics": "metrics are given to `evaluate`; the model_fn can return them in eval_metric_ops",
    "feed_fn": "a feed_fn feeds a session",
    "checkpoint_path": "it evaluates another checkpoint than the latest",
    "iterate_batches": "predictions are asked for in batches",
    "as_iterable": "predictions are asked for as arrays",
}


def method_text(group: Group, use: Use, render: Render) -> str:
    """A call of one of these methods in Keras terms. Refuses what has no counterpart."""
    ctx, module, call = group.ctx, use.module, use.call
    single = single_prediction(use)
    if use.kind not in METHODS and not single or not isinstance(call.func, ast.Attribute):
        raise ctx.refuse("estimator-method", call, module, f"`Estimator.{use.kind}` has no counterpart yet")
    symbol = f"learner.{use.kind}"
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        raise ctx.refuse("star-arguments", call, module, "arguments passed with * cannot be told apart")
    arguments = given(call, symbol)
    receiver = render(call.func.value)
    if use.kind == "evaluate":
        more = "metrics" in arguments and only_specs(group, arguments["metrics"])
        check(group, module, call, arguments, {"input_fn", "steps", *ARRAYS, *QUIET, *(["metrics"] if more else [])})
        data = data_text(group, use, arguments, render, "eval")
        steps = [f"steps={render(arguments['steps'])}"] if "steps" in arguments else []
        if more:
            shown = [receiver, data, render(arguments["metrics"]), *steps]
            return ctx.use(module, call_text("support.evaluate_with", shown))
        return call_text(f"{receiver}.evaluate", [data, *steps])
    if use.kind in PREDICTING:
        check(group, module, call, arguments, {"input_fn", "outputs", "x", "batch_size"})
        refuse_bare_predictions(group, use)
        data = data_text(group, use, arguments, render, "infer")
        if single and "outputs" not in arguments:
            text = ctx.use(module, call_text("support.predict_examples", [receiver, data, f'keys=["{single}"]']))
            examples = f'example["{single}"] for example in {text}'
            alone = any(outer.args == [call] and not outer.keywords for outer in every(module.tree, ast.Call))
            return examples if alone else f"({examples})"
        keys = [f"keys={render(arguments['outputs'])}"] if "outputs" in arguments else []
        return ctx.use(module, call_text("support.predict_examples", [receiver, data, *keys]))
    return fit_text(group, use, receiver, arguments, render)


def single_prediction(use: Use) -> str:
    """The one prediction that a method gives per example; "" where it gives all of them."""
    receiver = use.result.bound.get("self")
    found = options(receiver) if receiver is not None else ()
    keys = {learn.SINGLE.get(o.symbol, {}).get(use.kind, "") for o in found if isinstance(o, Result)}
    return keys.pop() if len(keys) == 1 else ""


def fit_text(group: Group, use: Use, receiver: str, arguments: dict[str, ast.expr], render: Render) -> str:
    """A training: steps more, or up to a step."""
    ctx, module, call = group.ctx, use.module, use.call
    check(group, module, call, arguments, {"input_fn", "steps", "max_steps", *ARRAYS})
    if not any(isinstance(n, ast.Expr) and n.value is call for n in descendants(module.tree)):
        raise ctx.refuse("estimator-method", call, module, f"what `{use.kind}` returns is used")
    data = data_text(group, use, arguments, render, "train")
    if "max_steps" in arguments:
        return ctx.use(
            module, call_text("support.fit_until", [receiver, data, f"max_steps={render(arguments['max_steps'])}"])
        )
    if "steps" in arguments:
        return call_text(f"{receiver}.fit", [data, f"steps_per_epoch={render(arguments['steps'])}"])
    once = use.kind == "partial_fit" and all(k.arg != "steps" for k in call.keywords)
    return call_text(f"{receiver}.fit", [data, "steps_per_epoch=1"] if once else [data])


def data_text(group: Group, use: Use, arguments: dict[str, ast.expr], render: Render, mode: str) -> str:
    """The dataset of a call: what its input function gives, or its arrays in batches."""

    ctx, module, call = group.ctx, use.module, use.call
    if "input_fn" in arguments:
        return input_datasets.dataset_text(group, module, arguments["input_fn"], use, render, mode)
    if "x" not in arguments:
        raise ctx.refuse("input-fn", call, module, "neither x nor an input function is given")
    shown = [render(arguments["x"])]
    shown += [f"y={render(arguments['y'])}"] if "y" in arguments else []
    shown += [f"batch_size={render(arguments['batch_size'])}"] if "batch_size" in arguments else []
    shown += ["epochs=None", "shuffle=True"] if mode == "train" else []
    return ctx.use(module, call_text("support.array_batches", shown))


def only_specs(group: Group, node: ast.expr) -> bool:
    """True for a dictionary of MetricSpecs made in sight, where a model can predict on the data of an evaluation."""
    value = group.ctx.facts.value(node)
    if not isinstance(value, Mapping) or value.open or any(m.own_inputs for m in group.models.values()):
        return False
    return all(isinstance(v, Result) and v.symbol == learn.METRIC_SPEC for v in value.items.values())


def metric_text(group: Group, module: Module, call: ast.Call, render: Render) -> str:
    """A Keras metric with the names of what it compares, for a MetricSpec."""
    ctx = group.ctx
    arguments = given(call, learn.METRIC_SPEC)
    symbol = symbols.symbol_of(ctx, arguments["metric_fn"]) if "metric_fn" in arguments else None
    rule = ctx.rules.find(symbol) if symbol is not None else None
    if "weight_key" in arguments:
        raise ctx.refuse("metric-spec", call, module, "a MetricSpec with weights has no counterpart yet")
    plain = rule is not None and rule.kind == "metric" and tuple(rule.update) == ("labels", "predictions")
    if rule is None or not plain or any(a.default is not None for a in rule.args):
        raise ctx.refuse("metric-spec", call, module, "the metric of a MetricSpec has no Keras twin that was measured")
    keys = [render(arguments[name]) if name in arguments else "None" for name in ("prediction_key", "label_key")]
    ctx.lower_level(rule.level)
    return ctx.use(module, f"({rule.elements or rule.target}(), {', '.join(keys)})")


def check(group: Group, module: Module, call: ast.Call, arguments: dict[str, ast.expr], known: set[str]) -> None:
    """Refuse arguments that have no counterpart, with the reason. Those that repeat the default are none."""
    for name, node in arguments.items():
        if name in known or (isinstance(node, (ast.List, ast.Tuple)) and not node.elts):
            continue
        if name in ("hooks", "monitors") and hooks.all_passive(group.ctx, module, node):
            continue
        value = group.ctx.facts.value(node)
        if isinstance(value, Const) and {"as_iterable": True, "iterate_batches": False}.get(name) is value.value:
            continue
        message = REASONS.get(name, f"`{name}` has no counterpart yet")
        raise group.ctx.refuse("estimator-argument", call, module, message)


def refuse_bare_predictions(group: Group, use: Use) -> None:
    """Refuse predictions without names: this Estimator gave bare arrays, one per example."""
    for made in use.estimators:
        for node in group.constructions[made].model_fns:
            if not group.models[node].named_predictions:
                message = "the predictions are a bare tensor, which this Estimator gave without a name"
                raise group.ctx.refuse("estimator-method", use.call, use.module, message)
