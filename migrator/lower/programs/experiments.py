"""`tf.contrib.learn.Experiment` and its runner: a class and a function of the support module that do the same."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis import learn
from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import Const, Partial, Result, Sequence, Value, is_none, options
from migrator.emit.fragments import call_text
from migrator.lower.programs import export_calls, input_datasets, learners, run_configs
from migrator.lower.programs.groups import Render, given
from migrator.lower.programs.input_arguments import enclosing
from migrator.lower.spec import hooks
from migrator.rulebook import parameters

if TYPE_CHECKING:
    from migrator.detect.program import Use
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

# what one may ask of an Experiment, attributes included
METHODS = frozenset({"train", "evaluate", "train_and_evaluate", "continuous_train_and_eval", "test"})
ATTRIBUTES = METHODS | {"train_steps", "eval_steps"}
PASSED = ("train_steps", "eval_steps", "train_steps_per_iteration", "min_eval_frequency")
WAITING = ("eval_delay_secs", "continuous_eval_throttle_secs", "delay_workers_by_global_step", "check_interval_secs")
REPORTING = ("train_monitors", "eval_hooks")
WITHOUT_EFFECT = ("local_eval_frequency", "checkpoint_and_export")  # which evaluations are logged on the way
ALIKE = ("estimator", "train_input_fn", "eval_input_fn")  # what stands first in both classes
MODES = {"train_input_fn": "train", "eval_input_fn": "eval"}


def experiment_text(group: Group, use: Use, render: Render) -> str | None:
    """`Experiment(model, ...)` of the support module; None where its name alone is another.

    Refuses what the legacy one did beyond that.
    """
    ctx, module, call = group.ctx, use.module, use.call
    arguments, rest = written(group, module, call, learn.EXPERIMENT)
    check_attributes(group, use)
    shown: list[str] = [render(arguments["estimator"])] if "estimator" in arguments else []
    as_written = len(call.args) <= len(ALIKE) and all(k.arg != "estimator" for k in call.keywords)
    for name, node in arguments.items():
        if name == "estimator":
            continue
        if name in MODES:
            shown.append(f"{name}={input_text(group, module, node, use, render, MODES[name])}")
            as_written = as_written and shown[-1] == f"{name}={render(node)}"
        elif name == "export_strategies" and only_strategies(group, node):
            if any(name in arguments and not is_false(arguments[name]) for name in ("checkpoint_and_export",)):
                raise ctx.refuse("experiment", node, module, "exports are written at every checkpoint")
            shown.append(f"{name}={render(node)}")
        elif name in PASSED or (name == "eval_metrics" and learners.only_specs(group, node)):
            shown.append(f"{name}={render(node)}")
        elif name in WAITING:
            as_written = False
            message = f"`{name}` goes: there is no other process to wait for, and evaluations start at once"
            ctx.note("experiment", "info", module, node, message)
        elif name in WITHOUT_EFFECT or left_out(group, module, name, node):
            as_written = False
        else:
            raise ctx.refuse("experiment", node, module, f"`{name}` of an Experiment has no counterpart yet")
    every = checkpoint_steps(group, use, render)
    if every:
        shown.append(f"evaluate_every={every}")
    message = "evaluations on the way, which only reach the logs, follow save_checkpoints_steps and not the clock"
    ctx.note("experiment", "info", module, call, message)
    if rest is not None:
        message = "what the Experiment is given with ** is not seen: it may hold numbers of steps and eval_delay_secs"
        ctx.note("experiment", "warning", module, rest, message)
        ctx.lower_level("review")
        shown.append(f"**{render(rest)}")
    if as_written and not every:
        return None
    return ctx.use(module, spread(module, call, call_text("support.Experiment", shown), shown))


def spread(module: Module, call: ast.Call, text: str, arguments: list[str]) -> str:
    """A call with one argument per line, where an argument has several."""
    if not any("\n" in argument for argument in arguments):
        return text
    line = module.text[module.line_start(call.lineno) :]
    indent = " " * (len(line) - len(line.lstrip(" ")))
    head = text[: text.index("(") + 1]
    return "\n".join([head, *(f"{indent}    {argument}," for argument in arguments), f"{indent})"])


def only_strategies(group: Group, node: ast.expr) -> bool:
    """True for strategies made in sight, one or a list of them."""
    value = group.ctx.facts.value(node)
    items = value.items if isinstance(value, Sequence) else [value]
    return bool(items) and all(isinstance(i, Result) and i.symbol == learn.EXPORT_STRATEGY for i in items)


def is_false(node: ast.expr) -> bool:
    """True for a literal that says no."""
    return isinstance(node, ast.Constant) and not node.value


def strategy_text(group: Group, module: Module, call: ast.Call, render: Render) -> str:
    """An exporter of the support module for make_export_strategy, which writes into the folder `Servo`."""
    ctx = group.ctx
    arguments, rest = written(group, module, call, learn.EXPORT_STRATEGY)
    for name, node in arguments.items():
        value = ctx.facts.value(node)
        if name in ("serving_input_fn", "exports_to_keep") or (value is not None and is_none(value)) or is_false(node):
            continue
        if name != "strip_default_attrs":
            raise ctx.refuse("export", call, module, f"`{name}` of an export strategy has no counterpart yet")
    if rest is not None or "serving_input_fn" not in arguments:
        raise ctx.refuse("export", call, module, "what the exported model is fed with cannot be followed")
    shown = ["'Servo'", export_calls.received_text(group, module, arguments["serving_input_fn"], render)]
    if "exports_to_keep" in arguments:
        shown.append(f"exports_to_keep={render(arguments['exports_to_keep'])}")
    users = [use for use in group.uses.values() if call in export_calls.exporters_of(use)]
    made = tuple(dict.fromkeys(e for use in users for e in use.estimators))
    shown += export_calls.signature_option(group, module, call, made)
    return ctx.use(module, call_text("support.LatestExporter", shown))


def checkpoint_steps(group: Group, use: Use, render: Render) -> str:
    """save_checkpoints_steps of the Estimator's RunConfig, where the Experiment can read it; "" elsewhere."""
    found: set[str | None] = set()
    for made in use.estimators:
        construction = group.constructions[made]
        config = run_configs.run_config(group, construction)
        node = run_configs.settings(config).get("save_checkpoints_steps") if config is not None else None
        if isinstance(node, ast.Constant):
            found.add(render(node))
        elif construction.module.path == use.module.path and enclosing(use.module, use.call) is enclosing(
            construction.module, construction.call
        ):
            found.add(run_configs.setting(group, construction, "save_checkpoints_steps", render))
    return (found.pop() or "") if len(found) == 1 else ""


def written(group: Group, module: Module, call: ast.Call, symbol: str) -> tuple[dict[str, ast.expr], ast.expr | None]:
    """Arguments of a call by legacy name, literal None included, and what is passed with **."""
    names = parameters(SIGNATURES[symbol]).positional
    if any(isinstance(a, ast.Starred) for a in call.args) or len(call.args) > len(names):
        raise group.ctx.refuse("star-arguments", call, module, "arguments passed with * cannot be told apart")
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    spread = [k.value for k in call.keywords if k.arg is None]
    if len(spread) > 1:
        raise group.ctx.refuse("star-arguments", call, module, "arguments passed with ** cannot be told apart")
    unknown = sorted(found.keys() - set(names))
    if unknown:
        raise group.ctx.refuse("experiment", call, module, f"`{unknown[0]}` was no argument of `{symbol}`")
    return found, spread[0] if spread else None


def left_out(group: Group, module: Module, name: str, node: ast.expr) -> bool:
    """True for an argument that asks for nothing: None, an empty list, hooks that only report."""
    value = group.ctx.facts.value(node)
    if value is not None and is_none(value):
        return True
    if isinstance(node, (ast.List, ast.Tuple)) and not node.elts:
        return True
    return name in REPORTING and hooks.all_passive(group.ctx, module, node)


def input_text(group: Group, module: Module, node: ast.expr, use: Use, render: Render, mode: str) -> str:
    """An input function as it is handed on: the function, or the dataset that stands in its place now."""

    text = input_datasets.dataset_text(group, module, node, use, render, mode)
    if isinstance(node, ast.Lambda):
        return f"lambda: {text}"
    shown = render(node)
    plain = isinstance(group.ctx.facts.value(node), Partial) and "=" not in text.removeprefix(shown)
    return shown if text in (shown, f"{shown}()") or plain else f"lambda: {text}"


def check_attributes(group: Group, use: Use) -> None:
    """Refuse what the program asks of the Experiment beside its schedules."""
    for node in list(group.program.facts.values):
        if not isinstance(node, ast.Attribute) or node.attr in ATTRIBUTES:
            continue
        base = group.program.facts.value(node.value)
        for option in options(base) if base is not None else ():
            if isinstance(option, Result) and option.call is use.call and not option.part:
                message = f"`{node.attr}` of an Experiment has no counterpart"
                raise group.ctx.refuse("experiment", node, use.module, message)


# ---------------------------------------------------------------------------------------------------------- runner
def run_text(group: Group, use: Use, render: Render) -> None:
    """`run_experiment(...)` for learn_runner.run: its name alone is another. Refuses schedules that are not there."""
    ctx, module, call = group.ctx, use.module, use.call
    arguments, rest = written(group, module, call, learn.RUN)
    if rest is not None:
        raise ctx.refuse("star-arguments", call, module, "arguments passed with ** cannot be told apart")
    schedule = ctx.facts.value(arguments["schedule"]) if "schedule" in arguments else None
    wrong = sorted(unknown_schedules(schedule))
    if wrong:
        raise ctx.refuse("experiment", call, module, f"the schedule {wrong[0]!r} has no counterpart")
    message = "the cluster that TF_CONFIG may describe is not asked: the experiment runs on this machine"
    ctx.note("experiment", "info", module, call, message)


def unknown_schedules(value: Value | None) -> set[str]:
    """The names of schedules that the support module does not have."""
    named = [o.value for o in options(value) if isinstance(o, Const)] if value is not None else []
    return {name for name in named if isinstance(name, str)} - METHODS


# ------------------------------------------------------------------------------------------------------- predictor
def predictor_text(group: Group, use: Use, render: Render) -> str:
    """`predictor(model, receiver)` for tf.contrib.predictor.from_estimator."""
    ctx, module, call = group.ctx, use.module, use.call
    arguments = given(call, learn.PREDICTOR)
    for name in ("output_key", "graph", "config"):
        if name in arguments:
            raise ctx.refuse("predictor", call, module, f"`{name}` of a predictor has no counterpart yet")
    node = arguments.get("serving_input_receiver_fn")
    if node is None or "estimator" not in arguments:
        raise ctx.refuse("predictor", call, module, "what the predictor is made of cannot be followed")
    fed = export_calls.received_text(group, module, node, render)
    if fed.startswith("lambda: "):
        fed = fed.removeprefix("lambda: ")
    else:
        fed = f"({fed})()" if isinstance(node, ast.Lambda) else f"{fed}()"
    return ctx.use(module, call_text("support.predictor", [render(arguments["estimator"]), fed]))


TEXTS = {"experiment": experiment_text, "run_experiment": run_text, "predictor": predictor_text}
