"""RunConfigs: seeds and checkpoint intervals go into Keras calls; one that is passed around stays as settings."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Value, is_none, options
from migrator.detect import param_defaults
from migrator.emit.fragments import call_text, standalone
from migrator.lower.programs.clusters import (
    DISTRIBUTION,
    RUN_CONFIGS,
    copied_from,
    is_mirrored,
    is_nothing,
    on_several_machines,
)
from migrator.lower.programs.groups import Render, given, moved_into_calls
from migrator.lower.programs.input_arguments import is_readable
from migrator.source.syntax import descendants

if TYPE_CHECKING:
    from migrator.detect.program import Construction, Use
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

# sessions, devices and servers are gone
DROPPED = frozenset(
    {
        "session_config",
        "device_fn",
        "protocol",
        "master",
        "num_cores",
        "log_device_placement",
        "gpu_memory_fraction",
        "evaluation_master",
        "tpu_config",
        "cluster",
    }
)


def is_run_config(group: Group, node: ast.Call) -> bool:
    """True for a call that makes a RunConfig, or a copy of one."""
    value = group.ctx.facts.value(node)
    found = [o for o in options(value) if isinstance(o, Result)] if value is not None else []
    return bool(found) and all(copied_from(o.symbol) in RUN_CONFIGS and o.call is node and not o.part for o in found)


def settings_text(group: Group, module: Module, node: ast.Call, render: Render) -> str:
    """The object of settings that a RunConfig becomes where the program passes it around."""
    value = group.ctx.facts.value(node)
    made = next(o for o in options(value) if isinstance(o, Result)) if value is not None else None
    assert made is not None
    copied = made.symbol.endswith(".replace")
    arguments = {k.arg: k.value for k in node.keywords if k.arg} if copied else given(node, made.symbol)
    refuse_distribution(group, module, node, arguments)
    if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
        raise group.ctx.refuse("run-config", node, module, "the RunConfig's arguments are passed with *")
    left_out = sorted(DROPPED & arguments.keys())
    if left_out:
        message = f"RunConfig({', '.join(left_out)}) has no counterpart: Keras opens no session"
        group.ctx.note("run-config", "info", module, node, message)
    shown = [f"{name}={render(a)}" for name, a in arguments.items() if name not in DROPPED | DISTRIBUTION]
    if copied and isinstance(node.func, ast.Attribute):
        base = render(node.func.value)
        return call_text(f"{base}.replace", shown) if shown else base
    return group.ctx.use(module, call_text("support.RunConfig", shown))


def refuse_distribution(group: Group, module: Module, node: ast.AST, arguments: dict[str, ast.expr]) -> None:
    """Refuse a RunConfig that distributes the training, but for copies on devices that the program does not name."""
    for name in DISTRIBUTION & arguments.keys():
        several = on_several_machines(group, arguments[name])
        if not is_mirrored(group, arguments[name]):
            raise group.ctx.refuse("distribution", node, module, "the training is distributed")
        if several and any("TF_CONFIG" in text for text in group.ctx.project.sources.values()):
            message = "the training is distributed over the machines of a TF_CONFIG that the program sees"
            raise group.ctx.refuse("distribution", node, module, message)
        if not is_nothing(arguments[name]):
            message = (
                f"{name} goes: what is computed is what one device computed, where each of several took a batch of "
                "its own; Keras copies a model with keras.distribution.DataParallel"
            )
            if several:
                message += "; started on several machines, each would train alone"
            group.ctx.note("distribution", "warning", module, node, message)
            group.ctx.lower_level("review")


def run_config(group: Group, construction: Construction) -> Result | None:
    """The RunConfig that a construction is given, when it is one made in sight; None where it is given none."""
    found = run_configs(group, construction)
    if len(found) > 1:
        raise group.ctx.refuse("run-config", construction.call, construction.module, "it is one of several RunConfigs")
    return found[0] if found else None


def run_configs(group: Group, construction: Construction) -> list[Result]:
    """The RunConfigs that a construction may be given, made in sight."""
    node = given(construction.call, construction.result.symbol).get("config")
    value = group.ctx.facts.value(node) if node is not None else None
    if node is None:
        return []
    found = [o for o in options(value) if is_none(o) is not True] if value is not None else []
    configs = [o for o in found if isinstance(o, Result) and made_config(o) is not None]
    if value is None or len(configs) != len(found):
        raise group.ctx.refuse("run-config", construction.call, construction.module, "the RunConfig cannot be followed")
    return configs


def made_config(config: Value | None) -> Result | None:
    """The RunConfig that a value is, or of which it is a copy with other settings."""
    while isinstance(config, Result) and not config.part:
        if config.symbol in RUN_CONFIGS:
            return config
        if copied_from(config.symbol) not in RUN_CONFIGS or config.call.args:
            return None
        config = config.bound.get("self")
    return None


def settings(config: Result) -> dict[str, ast.expr]:
    """The arguments that a RunConfig was given, those of `replace` included."""
    if config.symbol in RUN_CONFIGS:
        return given(config.call, config.symbol)
    base = config.bound["self"]
    replaced = {k.arg: k.value for k in config.call.keywords if k.arg}
    return {**(settings(base) if isinstance(base, Result) else {}), **replaced}


def sets(group: Group, construction: Construction, name: str) -> bool:
    """True when a RunConfig of the construction sets an argument."""
    return any(name in settings(config) for config in run_configs(group, construction))


def setting(group: Group, construction: Construction, name: str, render: Render) -> str | None:
    """The text of a RunConfig argument at the construction: as written there, or read off the settings object."""
    if not sets(group, construction, name):
        return None
    configs = run_configs(group, construction)
    config = configs[0]
    node = given(construction.call, construction.result.symbol)["config"]
    here = config.module.path == construction.module.path
    alone = len(configs) == 1 and config.symbol in RUN_CONFIGS and here
    if alone and (node is config.call or assigned_away(group, config)):
        return render(settings(config)[name])
    return f"{render(node)}.{name}"


def assigned_away(group: Group, config: Result) -> bool:
    """True when the RunConfig is assigned to a name that only Estimators read: the statement goes."""
    for node in descendants(config.module.tree):
        if isinstance(node, ast.Assign) and node.value is config.call:
            return moved_into_calls(group, config.module, node)
    return False


def seed_lines(group: Group, construction: Construction, render: Render) -> list[str]:
    """`keras.utils.set_random_seed(...)` for a RunConfig with a seed."""
    configs = run_configs(group, construction)
    for config in configs:
        refuse_distribution(group, config.module, config.call, settings(config))
    seed = setting(group, construction, "tf_random_seed", render)
    if seed is None:
        return []
    if not all("tf_random_seed" in settings(config) for config in configs):
        raise group.ctx.refuse("run-config", construction.call, construction.module, "only some RunConfigs have a seed")
    line = group.ctx.use(construction.module, f"keras.utils.set_random_seed({seed})")
    nodes = [(config.module, settings(config)["tf_random_seed"]) for config in configs]
    values = [group.ctx.facts.value(node) for _, node in nodes]
    if all(value is not None and is_none(value) for value in values):
        return []
    if all(is_set(group, module, node) for module, node in nodes):
        return [line]
    return [f"if {standalone(seed)} is not None:", f"    {line}"]


def is_set(group: Group, module: Module, node: ast.expr) -> bool:
    """True for a setting that is not None: a known value, or an option of the command line with a default."""
    value = group.ctx.facts.value(node)
    if isinstance(node, ast.Attribute) and param_defaults.find([module.tree]).get(node.attr) is not None:
        return True
    return value is not None and all(isinstance(o, Const) and o.value is not None for o in options(value))


def checkpoint_steps(group: Group, use: Use, render: Render) -> str:
    """save_checkpoints_steps of the Estimator's RunConfig: how often train_and_evaluate evaluates."""
    found: set[str] = set()
    for made in use.estimators:
        construction = group.constructions[made]
        config = run_config(group, construction)
        node = settings(config).get("save_checkpoints_steps") if config is not None else None
        if config is None or node is None:
            continue
        if isinstance(node, ast.Constant):
            found.add(render(node))
        elif not is_readable(config.module, config.call, use, node) and not (
            config.module.path == use.module.path and assigned_away(group, config)
        ):
            message = "save_checkpoints_steps is computed where train_and_evaluate cannot read it"
            raise group.ctx.refuse("run-config", config.call, config.module, message)
        else:
            found.add(render(node))
    return found.pop() if len(found) == 1 else ""
