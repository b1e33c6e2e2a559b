"""The program around the model: Estimator constructions and the calls on them become Keras calls."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import Const, Function, Instance, Partial, Result, Value, options
from migrator.emit.fragments import call_text
from migrator.lower.programs import (
    checkpoints,
    experiments,
    export_calls,
    hook_classes,
    input_arguments,
    learners,
    run_configs,
    stopping,
)
from migrator.lower.programs.groups import CONSUMED, given, refuse_others
from migrator.lower.programs.input_datasets import dataset_text, raw_names
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Use
    from migrator.lower.models.units import LoweredModel
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

Render = Callable[..., str]  # (node, columns by which continuation lines move)
CHOICES = (ast.IfExp, ast.BoolOp)


# ---------------------------------------------------------------------------------------------------- construction
def construction_text(group: Group, construction: Construction, render: Render) -> str:
    """`build_model(params)` for an Estimator construction."""
    ctx, module, call = group.ctx, construction.module, construction.call
    symbol = construction.result.symbol
    arguments = given(call, symbol)
    input_arguments.check_model_params(group, construction)
    known = input_arguments.TPU_ARGUMENTS if symbol.endswith("TPUEstimator") else frozenset()
    refuse_others(group, module, call, arguments, known | {"model_fn", "model_dir", "config", "params"})
    fn = arguments.get("model_fn")
    if fn is None or not interchangeable(group, construction, fn):
        raise ctx.refuse("model-fn", call, module, "which model_fn it is given is only known at run time")
    model = group.models[construction.model_fns[0]]
    gives = input_arguments.gives_params(group, construction)
    shown: list[str] = []
    keywords: list[str] = []
    value = ctx.facts.value(fn)
    if isinstance(value, Partial):
        if not isinstance(fn, ast.Call):
            raise ctx.refuse("model-fn", call, module, "the model_fn is a partial made elsewhere")
        if len(fn.args) != 1:
            raise ctx.refuse("model-fn", call, module, "the model_fn is a partial with arguments that have no name")
        keywords = [f"{k.arg}={render(k.value)}" for k in fn.keywords if k.arg]
    named = {k.split("=", 1)[0] for k in keywords}
    for name in model.parameters:
        if name in named:
            continue  # the library gives a partial nothing that it holds already
        if name == "params":
            params = moved(module, call, arguments["params"], render) if "params" in arguments else "{}"
            params = "params" if gives else params
            first = name == model.parameters[0]
            shown.append(params if first else f"params={params}")
        elif name == "config":
            raise ctx.refuse("config-parameter", call, module, "the model_fn reads its RunConfig")
        else:
            break
    reference = model_reference(group, module, model, fn, value, render)
    reference = f"({reference})" if isinstance(fn, CHOICES) else reference
    text = call_text(reference, shown + keywords)
    if gives:
        build = reference if shown == ["params"] and not keywords else f"lambda params: {text}"
        text = input_arguments.with_params(group, construction, build, render)
    return kept_text(group, construction, model, text, render)


def interchangeable(group: Group, construction: Construction, fn: ast.expr) -> bool:
    """True for one model_fn, and for several of which the program chooses one: their builders are called alike."""
    if len(construction.model_fns) < 2:
        # of a choice whose outcome is known the other side stays what it was
        return bool(construction.model_fns) and not isinstance(fn, CHOICES)
    value = group.ctx.facts.value(fn)
    models = [group.models[node] for node in construction.model_fns]
    chosen = value is not None and all(isinstance(o, Function) and o.bound is None for o in options(value))
    alike = {(tuple(m.parameters), m.optimizers > 1) for m in models}
    return chosen and len(alike) == 1 and all(m.top_level for m in models)


def kept_text(group: Group, construction: Construction, model: LoweredModel, text: str, render: Render) -> str:
    """The model, kept in the Estimator's model_dir where it has one."""
    ctx, module, call = group.ctx, construction.module, construction.call
    node = given(call, construction.result.symbol).get("model_dir")
    folder = render(node) if node is not None else run_configs.setting(group, construction, "model_dir", render)
    if folder is None:
        return text
    message = "model_dir holds Keras weights now; where it still holds legacy checkpoints, the migrated program stops"
    ctx.note("model-dir", "info", module, call, message)
    return f"{text}.kept_in({folder})"


def moved(module: Module, call: ast.Call, node: ast.expr, render: Render) -> str:
    """An argument that moves to the line of its call: its continuation lines follow."""

    def indent(line: int) -> int:
        text = module.text[module.line_start(line) :]
        return len(text) - len(text.lstrip(" "))

    return render(node, indent(call.lineno) - indent(node.lineno))


def model_reference(
    group: Group, module: Module, model: LoweredModel, fn: ast.expr, value: Value | None, render: Render
) -> str:
    """The expression that is called to get the model."""
    if isinstance(value, Partial):
        inner = fn.args[0] if isinstance(fn, ast.Call) and fn.args else None
        return model_reference(group, module, model, inner, value.function, render) if inner else model.builder
    found = options(value) if value is not None else ()
    if found and all(isinstance(option, Instance) for option in found):
        return f"{render(fn)}.{model.builder}"  # the object was called; now a method of it is
    if len(found) > 1:
        return render(fn)  # one of several: the definitions that it stands for are renamed where they are named
    if isinstance(fn, ast.Attribute) and names_definition(fn.attr, model):
        return f"{render(fn.value)}.{model.builder}"
    if isinstance(fn, ast.Name) and names_definition(fn.id, model) and model.top_level:
        if module.path != model.module.path:
            group.ctx.imports.setdefault(module.path, set()).add(f"{model.module.path}:{model.builder}")
        return model.builder
    return render(fn)


def names_definition(name: str, model: LoweredModel) -> bool:
    """True when the name is the model_fn's own."""
    return name == model.node.name


# ------------------------------------------------------------------------------------------------------------ uses
def use_text(group: Group, use: Use, render: Render) -> str | None:
    """A train / evaluate / predict call in Keras terms; None for one that stays as it is written."""
    ctx, module, call = group.ctx, use.module, use.call
    if use.kind == "train_and_evaluate":
        return train_and_evaluate(group, use, render)
    if use.kind == "stop_if":
        return stopping.hook_text(group, use, render)
    if use.kind in experiments.TEXTS:
        return experiments.TEXTS[use.kind](group, use, render)
    if use.result.symbol.startswith("learner."):
        return learners.method_text(group, use, render)
    symbol = f"estimator.{use.kind}"
    if symbol not in SIGNATURES or not isinstance(call.func, ast.Attribute):
        raise ctx.refuse("estimator-method", call, module, f"`Estimator.{use.kind}` has no counterpart yet")
    arguments = given(call, symbol)
    receiver = render(call.func.value)
    match use.kind:
        case "train":
            ending = stopping.last_step(ctx, arguments["hooks"]) if "hooks" in arguments else None
            if ending is not None and not {"steps", "max_steps"} & arguments.keys():
                arguments = {"input_fn": arguments["input_fn"], ending[0]: ending[1]}
            watching = None
            if "hooks" in arguments:
                watching = stopping.callbacks(group, arguments["hooks"], render, hook_classes.is_hook)
            known = {"input_fn", "steps", "max_steps", *(["hooks"] if watching else [])}
            refuse_others(group, module, call, arguments, known)
            data = dataset_text(group, module, arguments["input_fn"], use, render, "train")
            also = [stopping.argument(watching)] if watching else []
            if "max_steps" in arguments:
                shown = [receiver, data, f"max_steps={render(arguments['max_steps'])}", *also]
                return ctx.use(module, call_text("support.fit_until", shown))
            steps = [f"steps_per_epoch={render(arguments['steps'])}"] if "steps" in arguments else []
            if not any(statement.value is call for statement in every(module.tree, ast.Expr)):
                return ctx.use(module, call_text("support.trained", [receiver, data, *steps, *also]))
            return call_text(f"{receiver}.fit", [data, *steps, *also])
        case "evaluate":
            checkpoints.check_path(group, use, arguments)
            refuse_others(group, module, call, arguments, {"input_fn", "steps", "name", "checkpoint_path"})
            data = dataset_text(group, module, arguments["input_fn"], use, render, "eval")
            steps = [f"steps={render(arguments['steps'])}"] if "steps" in arguments else []
            return call_text(f"{receiver}.evaluate", [data, *steps])
        case "predict":
            checkpoints.check_path(group, use, arguments)
            known = {"input_fn", "predict_keys", "yield_single_examples", "checkpoint_path"}
            refuse_others(group, module, call, arguments, known)
            data = dataset_text(group, module, arguments["input_fn"], use, render, "infer")
            keys = [f"keys={render(arguments['predict_keys'])}"] if "predict_keys" in arguments else []
            return ctx.use(module, call_text(f"support.{predicting(group, use, arguments)}", [receiver, data, *keys]))

    return export_calls.export_text(group, use, receiver, arguments, render)


def predicting(group: Group, use: Use, arguments: dict[str, ast.expr]) -> str:
    """The function that yields the predictions of examples, or of batches where the program asks for these."""
    node = arguments.get("yield_single_examples")
    value = group.ctx.facts.value(node) if node is not None else None
    if node is None or (isinstance(value, Const) and value.value):
        return "predict_examples"
    if isinstance(value, Const):
        return "predict_batches"
    message = "whether examples or batches are predicted is only known at run time"
    raise group.ctx.refuse("estimator-argument", node, use.module, message)


def is_callback(value: Value | None) -> bool:
    """True for a hook that becomes a callback of a training with evaluations in between."""
    return stopping.is_stopping(value) or hook_classes.is_hook(value)


def train_and_evaluate(group: Group, use: Use, render: Render) -> str:
    """train_and_evaluate over the arguments of its two specs."""
    ctx, module, call = group.ctx, use.module, use.call
    arguments = given(call, "tensorflow.estimator.train_and_evaluate")
    specs: dict[str, dict[str, ast.expr]] = {}
    for name in ("train_spec", "eval_spec"):
        node = arguments.get(name)
        value = ctx.facts.value(node) if node is not None else None
        if not isinstance(value, Result) or value.symbol not in CONSUMED or value.module.path != module.path:
            raise ctx.refuse("spec-unknown", call, module, f"the {name} cannot be followed")
        specs[name] = given(value.call, value.symbol)
    train, evaluation = specs["train_spec"], specs["eval_spec"]
    ending = stopping.callbacks(group, train["hooks"], render, is_callback) if "hooks" in train else None
    if ending and "name" in evaluation:
        raise ctx.refuse("early-stopping", call, module, "evaluations with a name are kept in a folder of their own")
    refuse_others(group, module, call, train, {"input_fn", "max_steps", *(["hooks"] if ending is not None else [])})
    known = {"input_fn", "steps", "throttle_secs", "start_delay_secs", "name", "exporters"}
    refuse_others(group, module, call, evaluation, known)
    shown = [
        render(arguments["estimator"]),
        dataset_text(group, module, train["input_fn"], use, render, "train"),
        dataset_text(group, module, evaluation["input_fn"], use, render, "eval"),
    ]
    if "max_steps" in train:
        shown.append(f"max_steps={render(train['max_steps'])}")
    steps_none = "steps" not in evaluation and any(
        k == "steps" for k in raw_names(ctx.facts.value(arguments["eval_spec"]))
    )
    if "steps" in evaluation:
        shown.append(f"eval_steps={render(evaluation['steps'])}")
    elif not steps_none:
        shown.append("eval_steps=100")
    every = run_configs.checkpoint_steps(group, use, render)
    if every:
        shown.append(f"evaluate_every={every}")
    if every and ending:
        message = "callbacks begin and end once more for what remains where evaluations do not divide the steps evenly"
        ctx.note("callbacks-again", "info", module, call, message)
    if "exporters" in evaluation:
        steps = render(train["max_steps"]) if "max_steps" in train else ""
        ending = [export_calls.exporting_text(group, module, evaluation, steps, render), *(ending or [])]
    if ending:
        shown.append(stopping.argument(ending))
    return ctx.use(module, call_text("support.train_and_evaluate", shown))
