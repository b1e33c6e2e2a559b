"""TPU clusters, copies of a model, sessions and their settings: statements that only made them go."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Symbol, options
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

SETTINGS = (
    "tensorflow.estimator.tpu.TPUConfig",
    "tensorflow.estimator.tpu.InputPipelineConfig",
    "tensorflow.ConfigProto",
    "tensorflow.GPUOptions",
)
SETTINGS_OF = frozenset({"cluster", "tpu_config", "master", "evaluation_master", "session_config"})
DISTRIBUTION = frozenset({"train_distribute", "eval_distribute", "experimental_distribute"})
MIRRORED = (  # strategies that compute on one device what the model computes without them
    "tensorflow.distribute.MirroredStrategy",
    "tensorflow.distribute.OneDeviceStrategy",
    "tensorflow.contrib.distribute.MirroredStrategy",
    "tensorflow.contrib.distribute.OneDeviceStrategy",
)


RUN_CONFIGS = frozenset(
    {"tensorflow.estimator.RunConfig", "tensorflow.estimator.tpu.RunConfig", "tensorflow.contrib.learn.RunConfig"}
)


def copied_from(symbol: str) -> str:
    """The symbol of what a value was copied from with `replace`, once or several times."""
    while symbol.endswith(".replace"):
        symbol = symbol.removesuffix(".replace")
    return symbol


def goes(group: Group, module: Module, node: ast.stmt) -> bool:
    """True for a statement whose value nothing but the TPU settings of a RunConfig reads."""
    if isinstance(node, ast.If):
        body = [*node.body, *node.orelse]
        pure = not any(every(node.test, ast.Call))
        return pure and all(goes(group, module, inner) for inner in body)
    name = assigned_name(node)
    if name is None and isinstance(node, ast.Assign) and len(node.targets) == 1:
        base = changed_base(node.targets[0])
        name = base.id if base is not None else None
    if name is None or name not in unused_names(group, module):
        return False
    # what is shown on the way stays None, as it was where there was no TPU
    return not (isinstance(node, ast.Assign) and is_nothing(node.value) and is_shown(module, name))


def changed_base(target: ast.expr) -> ast.Name | None:
    """`config` of `config.gpu_options.allow_growth = ...`."""
    node = target
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) and isinstance(target, ast.Attribute) else None


def assigned_name(node: ast.stmt) -> str | None:
    """`x` of `x = ...`."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return None


def unused_names(group: Group, module: Module) -> set[str]:
    """Names that hold such settings, or in their place what a flag says, and that only such settings are made of."""
    if module.path not in group.unused:
        group.unused[module.path] = find_unused(group, module)
    return group.unused[module.path]


def find_unused(group: Group, module: Module) -> set[str]:
    """Narrows the names down until the rest are read by nothing that stays."""
    assigned: dict[str, list[ast.Assign]] = {}
    for node in every(module.tree, ast.Assign):
        if assigned_name(node) is not None:
            assigned.setdefault(str(assigned_name(node)), []).append(node)
    targets = {node.targets[0] for nodes in assigned.values() for node in nodes}
    names = (n for n in every(module.tree, ast.Name) if isinstance(n.ctx, ast.Store) and n not in targets)
    other = {*(n.id for n in names), *(n.arg for n in every(module.tree, ast.arg))}
    found = {
        name
        for name, nodes in assigned.items()
        if name not in other
        and any(is_setting(group, n.value) for n in nodes)
        and all(is_setting(group, n.value) or is_read(n.value) for n in nodes)
    }
    gone = {n for call in run_config_calls(group, module) for n in call}
    changes = [n for n in every(module.tree, ast.Assign) if len(n.targets) == 1]
    gone |= {base for n in changes if (base := changed_base(n.targets[0])) is not None}
    while True:
        inside = gone | {n for name in found for node in assigned[name] for n in descendants(node.value)}
        inside |= {n for name in found if stays_nothing(assigned[name]) for n in shown(module, name)}
        read = {
            n.id
            for n in every(module.tree, ast.Name)
            if isinstance(n.ctx, ast.Load) and n.id in found and n not in inside
        }
        if not read:
            return found
        found -= read


def is_setting(group: Group, node: ast.expr) -> bool:
    """True for a cluster resolver, what is asked of one, a TPUConfig, or the configuration of a session."""
    value = group.ctx.facts.value(node)
    for option in options(value) if value is not None else ():
        name = option.symbol if isinstance(option, Result) else option.name if isinstance(option, Symbol) else ""
        if not ("ClusterResolver" in name or name.startswith(SETTINGS)):
            if not (isinstance(option, Const) and option.value is None):
                return is_mirrored(group, node)
    return value is not None and not is_nothing(node)


def is_mirrored(group: Group, node: ast.expr) -> bool:
    """True for a strategy that copies the model to the devices of one machine, or None where there is one device."""
    value = group.ctx.facts.value(node)
    found = options(value) if value is not None else ()
    strategies = [o for o in found if isinstance(o, Result) and not o.part and o.symbol in MIRRORED]
    nothing = [o for o in found if isinstance(o, Const) and o.value is None]
    own = [call for call in every(node, ast.Call) if not any(call in descendants(o.call) for o in strategies)]
    return len(strategies) + len(nothing) == len(found) > 0 and not own


def stays_nothing(assignments: list[ast.Assign]) -> bool:
    """True for a name that is None before anything else is assigned."""
    first = min(assignments, key=lambda node: node.lineno)
    return isinstance(first.value, ast.Constant) and first.value.value is None


def is_shown(module: Module, name: str) -> bool:
    """True when a statement that stays prints or logs what a name holds."""
    return bool(shown(module, name))


def shown(module: Module, name: str) -> set[ast.AST]:
    """The places where a statement prints or logs what a name holds, and does nothing else with it."""
    found: set[ast.AST] = set()
    for node in descendants(module.tree):
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and showing(call.func):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            found |= {n for n in given if isinstance(n, ast.Name) and n.id == name}
    return found


def showing(func: ast.expr) -> bool:
    """True for `print`, `logging.info`, `tf.logging.warn` and their like."""
    if isinstance(func, ast.Name):
        return func.id == "print"
    return isinstance(func, ast.Attribute) and ast.unparse(func.value).split(".")[-1] in ("logging", "logger", "log")


def is_nothing(node: ast.expr) -> bool:
    """True for None and the empty text."""
    return isinstance(node, ast.Constant) and node.value in (None, "")


def is_read(node: ast.expr) -> bool:
    """True for an expression that only reads: a name, an attribute or a constant."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, (ast.Name, ast.Constant))


def run_config_calls(group: Group, module: Module) -> list[list[ast.AST]]:
    """The nodes of every RunConfig's arguments that go."""
    found: list[list[ast.AST]] = []
    for call in descendants(module.tree):
        value = group.ctx.facts.value(call) if isinstance(call, ast.Call) else None
        if not isinstance(call, ast.Call) or not isinstance(value, Result) or value.call is not call:
            continue
        if copied_from(value.symbol) in RUN_CONFIGS:
            given = [k for k in call.keywords if k.arg in SETTINGS_OF]
            given += [k for k in call.keywords if k.arg in DISTRIBUTION and is_mirrored(group, k.value)]
            found += [list(descendants(k.value)) for k in given]
    return found
