"""Hook classes of the program that only watch: without them the training is the same, and something is not told."""

from __future__ import annotations

import ast
import builtins

from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import ClassRef, Instance, Symbol, Value
from migrator.lower.reading.context import Context
from migrator.source.names import canonical
from migrator.source.syntax import descendants, every, first_name

HOOKS = frozenset({"tensorflow.train.SessionRunHook", "tensorflow.estimator.SessionRunHook"})
REPORTING = frozenset({"LoggingTensorHook", "StepCounterHook", "SummarySaverHook", "ProfilerHook"})
# What may change a training, or what is kept of it, whatever it is called on.
ACTING = frozenset(
    {"request_stop", "evaluate", "train", "predict", "fit", "save", "restore", "load", "export_saved_model", "assign"}
    | {"export_savedmodel", "assign_add", "assign_sub", "set_value", "run_step_fn", "append", "put", "set", "feed_dict"}
)

CHANGING = frozenset({"setattr", "delattr", "exec", "eval", "globals", "vars", "__import__", "compile"})


def only_watches(ctx: Context, value: Value) -> bool:
    """True for an object of such a class."""
    return isinstance(value, Instance) and is_watching(ctx, value.cls)


def is_watching(ctx: Context, cls: ClassRef) -> bool:
    """True for a class that derives from one hook, changes its own attributes alone, and fetches the step at most.

    One that derives from a hook of the library that only reports may fetch what that one does.
    """
    base = cls.bases[0] if len(cls.bases) == 1 else None
    if not isinstance(base, Symbol):
        return False
    reporting = base.name.startswith("tensorflow.") and base.name.rpartition(".")[2] in REPORTING
    if not reporting and canonical(base.name) not in HOOKS:
        return False
    steps, known = step_attributes(ctx, cls), harmless_names(ctx, cls)
    return all(harmless(node, steps, known, reporting) for node in descendants(cls.node))


def harmless_names(ctx: Context, cls: ClassRef) -> frozenset[str]:
    """The names on which a hook may call something: its own, those of libraries, and builtins that only compute."""
    own = {n.arg for n in every(cls.node, ast.arg)}
    own |= {n.id for n in every(cls.node, ast.Name) if isinstance(n.ctx, ast.Store)}
    return frozenset(own | libraries(ctx, cls) | (set(dir(builtins)) - CHANGING))


def libraries(ctx: Context, cls: ClassRef) -> set[str]:
    """The names that the imports of a class's file bind to what is no part of the program."""
    module, found = cls.scope.module, set[str]()
    for node in every(module.tree, ast.Import):
        names = [alias for alias in node.names if ctx.project.find(alias.name, module.path) is None]
        found |= {(alias.asname or alias.name).split(".")[0] for alias in names}
    for step in every(module.tree, ast.ImportFrom):
        if not step.level and step.module and ctx.project.find(step.module, module.path) is None:
            inner = [a for a in step.names if ctx.project.find(f"{step.module}.{a.name}", module.path) is None]
            found |= {alias.asname or alias.name for alias in inner}
    return found


def step_attributes(ctx: Context, cls: ClassRef) -> frozenset[str]:
    """The attributes of an object that hold nothing but the global step."""
    found: dict[str, list[bool]] = {}
    for assign in every(cls.node, ast.Assign):
        value = ctx.facts.value(assign.value)
        is_step = getattr(value, "symbol", None) in GLOBAL_STEPS
        for target in assign.targets:
            if isinstance(target, ast.Attribute) and is_self(target.value):
                found.setdefault(target.attr, []).append(is_step)
    return frozenset(name for name, steps in found.items() if all(steps))


def harmless(node: ast.AST, steps: frozenset[str], known: frozenset[str], reporting: bool) -> bool:
    """Whether a node of a hook class can change nothing but the object's own attributes."""
    match node:
        case ast.Call() if first_name(node.func) not in known | {""}:
            return False
        case ast.Global() | ast.Nonlocal() | ast.Delete() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case ast.Attribute(ctx=ast.Store()) | ast.Subscript(ctx=ast.Store()):
            return of_self(node.value)
        case ast.keyword():
            return node.arg not in ACTING
        case ast.Call(func=ast.Attribute(attr=name)):
            if name == "SessionRunArgs":
                return len(node.args) == 1 and not node.keywords and is_step(node.args[0], steps)
            if name == "run":
                return len(node.args) == 1 and of_self(node.args[0]) and (reporting or is_step(node.args[0], steps))
            return name not in ACTING
    return True


def is_step(node: ast.expr, steps: frozenset[str]) -> bool:
    """True for an attribute that holds the global step."""
    return isinstance(node, ast.Attribute) and is_self(node.value) and node.attr in steps


def of_self(node: ast.expr) -> bool:
    """True for the object itself, and for what its attributes hold."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return is_self(node)


def is_self(node: ast.AST) -> bool:
    """True for `self`."""
    return isinstance(node, ast.Name) and node.id == "self"
