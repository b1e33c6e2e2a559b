"""TPU clusters, copies of a model, sessions and their settings: statements that only made them go."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Const, Result, Symbol, options
from migrator.lower.reading.shadows import local_names
from migrator.source.syntax import descendants, every, remembered

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
SEVERAL_MACHINES = (  # of which only the environment knows: without TF_CONFIG they copy to the devices of this one
    "tensorflow.distribute.experimental.MultiWorkerMirroredStrategy",
    "tensorflow.distribute.MultiWorkerMirroredStrategy",
    "tensorflow.contrib.distribute.CollectiveAllReduceStrategy",
)
MIRRORED = (  # strategies that compute on one device what the model computes without them
    "tensorflow.distribute.MirroredStrategy",
    "tensorflow.distribute.OneDeviceStrategy",
    "tensorflow.contrib.distribute.MirroredStrategy",
    "tensorflow.contrib.distribute.OneDeviceStrategy",
    *SEVERAL_MACHINES,
)
Place = tuple[ast.AST, str]  # a name, with the function or file that binds it

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
    target = assigned(node)
    if target is None and isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = changed_base(node.targets[0])
    if target is None or place_of(module, target) not in unused_names(group, module):
        return False
    # what is shown on the way stays None, as it was where there was no TPU
    return not (isinstance(node, ast.Assign) and is_nothing(node.value) and shown(module, place_of(module, target)))


def changed_base(target: ast.expr) -> ast.Name | None:
    """`config` of `config.gpu_options.allow_growth = ...`."""
    node = target
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) and isinstance(target, ast.Attribute) else None


def assigned(node: ast.stmt) -> ast.Name | None:
    """`x` of `x = ...`."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0]
    return None


def place_of(module: Module, node: ast.Name | ast.arg) -> Place:
    """Which name this is: one of the outermost function around it, where that binds it, or one of the file."""
    name = node.id if isinstance(node, ast.Name) else node.arg
    around = functions_around(module.tree).get(node)
    if around is None or name not in local_names(around):
        return module.tree, name
    declared = {outer for n in every(around, ast.Global) for outer in n.names}
    return (module.tree if name in declared else around), name


@remembered
def functions_around(tree: ast.AST) -> dict[ast.AST, ast.FunctionDef]:
    """The outermost function that each node of a file stands in."""
    found: dict[ast.AST, ast.FunctionDef] = {}
    for function in every(tree, ast.FunctionDef):  # outer ones first
        if function not in found:
            found.update(dict.fromkeys(descendants(function), function))
    return found


def unused_names(group: Group, module: Module) -> set[Place]:
    """Names that hold such settings, or in their place what a flag says, and that only such settings are made of."""
    if module.path not in group.unused:
        group.unused[module.path] = find_unused(group, module)
    return group.unused[module.path]


def find_unused(group: Group, module: Module) -> set[Place]:
    """Narrows the names down until the rest are read by nothing that stays."""
    if not any(is_setting(group, node.value) for node in every(module.tree, ast.Assign)):
        return set()
    assignments: dict[Place, list[ast.Assign]] = {}
    for node in every(module.tree, ast.Assign):
        target = assigned(node)
        if target is not None:
            assignments.setdefault(place_of(module, target), []).append(node)
    targets = {assigned(node) for nodes in assignments.values() for node in nodes}
    names = [n for n in every(module.tree, ast.Name) if isinstance(n.ctx, ast.Store) and n not in targets]
    bound: list[ast.Name | ast.arg] = [*names, *every(module.tree, ast.arg)]
    other = {place_of(module, n) for n in bound}
    found = {
        place
        for place, nodes in assignments.items()
        if place not in other
        and any(is_setting(group, n.value) for n in nodes)
        and all(is_setting(group, n.value) or is_read(n.value) for n in nodes)
    }
    gone = {n for call in run_config_calls(group, module) for n in call}
    changes = [n for n in every(module.tree, ast.Assign) if len(n.targets) == 1]
    gone |= {base for n in changes if (base := changed_base(n.targets[0])) is not None}
    while True:
        inside = gone | {n for place in found for node in assignments[place] for n in descendants(node.value)}
        inside |= {n for place in found if stays_nothing(assignments[place]) for n in shown(module, place)}
        loads = (n for n in every(module.tree, ast.Name) if isinstance(n.ctx, ast.Load) and n not in inside)
        read = {place for n in loads if (place := place_of(module, n)) in found}
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
    """True for a strategy that copies the model to devices, or None where there is one device."""
    value = group.ctx.facts.value(node)
    found = options(value) if value is not None else ()
    strategies = [o for o in found if isinstance(o, Result) and not o.part and o.symbol in MIRRORED]
    nothing = [o for o in found if isinstance(o, Const) and o.value is None]
    own = [call for call in every(node, ast.Call) if not any(call in descendants(o.call) for o in strategies)]
    return len(strategies) + len(nothing) == len(found) > 0 and not own


def on_several_machines(group: Group, node: ast.expr) -> bool:
    """True for a strategy that may copy the model to several machines."""
    value = group.ctx.facts.value(node)
    found = options(value) if value is not None else ()
    return any(isinstance(o, Result) and o.symbol in SEVERAL_MACHINES for o in found)


def stays_nothing(assignments: list[ast.Assign]) -> bool:
    """True for a name that is None before anything else is assigned."""
    first = min(assignments, key=lambda node: node.lineno)
    return isinstance(first.value, ast.Constant) and first.value.value is None


def shown(module: Module, place: Place) -> set[ast.AST]:
    """The places where a statement prints or logs what a name holds, and does nothing else with it."""
    found: set[ast.AST] = set()
    for node in descendants(module.tree):
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and showing(call.func):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            found |= {n for n in given if isinstance(n, ast.Name) and place_of(module, n) == place}
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
