"""RunConfigs: seeds and checkpoint intervals go into Keras calls; one that is passed around stays as settings."""

from __future__ import annotations

import ast

from migrator.analysis.values import Result, Value, is_none, options
from migrator.detect.programs import Construction, Use
from migrator.emit.fragments import call_text
from migrator.lower.groups import RUN_CONFIGS, Group, Render, given, moved_into_calls
from migrator.source.module import Module
from migrator.source.syntax import descendants

DISTRIBUTION = frozenset({"train_distribute", "eval_distribute", "experimental_distribute"})
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
    """True for a call that makes a RunConfig."""
    value = group.ctx.facts.value(node)
    return isinstance(value, Result) and value.symbol in RUN_CONFIGS and value.call is node and not value.part


def settings_text(group: Group, module: Module, node: ast.Call, render: Render) -> str:
    """The object of settings that a RunConfig becomes where the program passes it around."""
    value = group.ctx.facts.value(node)
    assert isinstance(value, Result)
    arguments = given(node, value.symbol)
    refuse_distribution(group, module, node, arguments)
    if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
        raise group.ctx.refuse("run-config", node, module, "the RunConfig's arguments are passed with *")
    left_out = sorted(DROPPED & arguments.keys())
    if left_out:
        message = f"RunConfig({', '.join(left_out)}) has no counterpart: Keras opens no session"
        group.ctx.note("run-config", "info", module, node, message)
    shown = [f"{name}={render(a)}" for name, a in arguments.items() if name not in DROPPED]
    return group.ctx.use(module, call_text("support.RunConfig", shown))


def refuse_distribution(group: Group, module: Module, node: ast.AST, arguments: dict[str, ast.expr]) -> None:
    """Refuse a RunConfig that distributes the training."""
    if DISTRIBUTION & arguments.keys():
        raise group.ctx.refuse("distribution", node, module, "the training is distributed")


def run_config(group: Group, construction: Construction) -> Result | None:
    """The RunConfig that a construction is given, when it is one made in sight; None where it is given none."""
    node = given(construction.call, construction.result.symbol).get("config")
    if node is None:
        return None
    value = group.ctx.facts.value(node)
    found = [o for o in options(value) if is_none(o) is not True] if value is not None else []
    if value is not None and not found:
        return None
    config = found[0] if len(found) == 1 else None
    if isinstance(config, Result) and made_config(config) is not None:
        return config
    raise group.ctx.refuse("run-config", construction.call, construction.module, "the RunConfig cannot be followed")


def made_config(config: Value | None) -> Result | None:
    """The RunConfig that a value is, or of which it is a copy with other settings."""
    while isinstance(config, Result) and not config.part:
        if config.symbol in RUN_CONFIGS:
            return config
        if config.symbol.removesuffix(".replace") not in RUN_CONFIGS or config.call.args:
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
    """True when the construction's RunConfig sets an argument."""
    config = run_config(group, construction)
    return config is not None and name in settings(config)


def setting(group: Group, construction: Construction, name: str, render: Render) -> str | None:
    """The text of a RunConfig argument at the construction: as written there, or read off the settings object."""
    config = run_config(group, construction)
    if config is None or name not in settings(config):
        return None
    node = given(construction.call, construction.result.symbol)["config"]
    if config.symbol in RUN_CONFIGS and (node is config.call or assigned_away(group, config)):
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
    config = run_config(group, construction)
    if config is None:
        return []
    refuse_distribution(group, config.module, config.call, settings(config))
    seed = setting(group, construction, "tf_random_seed", render)
    if seed is None:
        return []
    return [group.ctx.use(construction.module, f"keras.utils.set_random_seed({seed})")]


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
        elif config.module.path != use.module.path or not assigned_away(group, config):
            message = "save_checkpoints_steps is computed where train_and_evaluate cannot read it"
            raise group.ctx.refuse("run-config", config.call, config.module, message)
        else:
            found.add(render(node))
    return found.pop() if len(found) == 1 else ""
