"""What is converted together, and the objects whose arguments move into the Keras calls."""

from __future__ import annotations

import ast
from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from migrator.analysis.signatures import SIGNATURES
from migrator.analysis.values import Result, Sequence, Value, is_none, options
from migrator.lower.programs import clusters
from migrator.lower.programs.clusters import DISTRIBUTION, RUN_CONFIGS, copied_from
from migrator.lower.spec import hooks
from migrator.lower.spec.hooks import passive_rule
from migrator.rulebook import parameters
from migrator.source.syntax import descendants, every

if TYPE_CHECKING:
    from migrator.lower.programs.group import Group
    from migrator.source.module import Module

SETTINGS_READ = ("model_dir", "tf_random_seed", "save_checkpoints_steps")
CONSUMED = RUN_CONFIGS | {
    "tensorflow.estimator.TrainSpec",
    "tensorflow.estimator.EvalSpec",
    "tensorflow.estimator.export.build_raw_serving_input_receiver_fn",
}

EXPORTERS = frozenset(f"tensorflow.estimator.{kind}Exporter" for kind in ("Final", "Latest", "Best"))

Render = Callable[..., str]  # (node, columns by which continuation lines move)


def given(call: ast.Call, symbol: str) -> dict[str, ast.expr]:
    """Arguments of a call by legacy name; literal None counts as absent."""
    names = parameters(SIGNATURES[symbol]).positional
    found = dict(zip(names, call.args, strict=False))
    found.update({k.arg: k.value for k in call.keywords if k.arg})
    return {k: v for k, v in found.items() if not (isinstance(v, ast.Constant) and v.value is None)}


def moved_into_calls(group: Group, module: Module, node: ast.stmt) -> bool:
    """True for `spec = tf.estimator.TrainSpec(...)` and the like: its arguments moved into the Keras calls.

    So do lists of hooks that only report, and literals that nothing but they read. A RunConfig that is used elsewhere
    too stays, as an object of settings; a spec or hook refuses.
    """
    if clusters.goes(group, module, node) or only_appends_hooks(group, node):
        return True
    if not isinstance(node, ast.Assign) or len(node.targets) != 1 or not isinstance(node.targets[0], ast.Name):
        return False
    value = group.ctx.facts.value(node.value)
    made = value if isinstance(value, Result) and value.call is node.value else None
    consumed = made is not None and (made.symbol in CONSUMED or is_unread_copy(made))
    reporting = passive_rule(group.ctx, value) is not None or (
        isinstance(value, Sequence) and bool(value.items) and all(reports(group, v) for v in value.items)
    )
    if not consumed and not reporting and not is_literal(node.value):
        return False
    name = node.targets[0].id
    loads = [n for n in every(module.tree, ast.Name) if n.id == name]
    loads = [n for n in loads if isinstance(n.ctx, ast.Load)]
    if not consumed and not reporting:
        # what makes a reporting hook is among the nodes that go
        return bool(loads) and all(is_hook_part(group, module, n) for n in loads)
    gone = consumed_nodes(group, module)
    for load in loads:
        other = group.ctx.facts.value(load)
        alternatives = options(other) if other is not None else ()
        if is_config(value) and len(alternatives) > 1:
            if any(same_origin(o, value) for o in alternatives):
                return False  # one of several: which one is known at run time
        if load not in gone and any(same_origin(o, value) for o in alternatives):
            if is_config(value):
                return False
            raise group.ctx.refuse("spec-escapes", load, module, f"`{name}` is also used elsewhere")
    return True


def is_config(value: Value | None) -> bool:
    """True for a RunConfig, or a copy of one."""
    return isinstance(value, Result) and copied_from(value.symbol) in RUN_CONFIGS


def is_unread_copy(value: Result) -> bool:
    """True for a copy of a RunConfig that sets nothing which the Keras program would read."""
    names: set[str | None] = set()
    config: Value | None = value
    while is_config(config) and isinstance(config, Result) and config.symbol.endswith(".replace"):
        names |= {keyword.arg for keyword in config.call.keywords} | ({None} if config.call.args else set())
        config = config.bound.get("self")
    if not isinstance(config, Result) or config.symbol not in RUN_CONFIGS or config is value:
        return False
    return not (names | given(config.call, config.symbol).keys()) & {None, *SETTINGS_READ, *DISTRIBUTION}


def reports(group: Group, value: Value) -> bool:
    """True for hooks that only report, whichever of several it is."""
    return all(hooks.only_reports(group.ctx, option) for option in options(value))


def only_appends_hooks(group: Group, node: ast.stmt) -> bool:
    """True for `hooks.append(...)` of a hook that only reports, to a list of such; and for an `if` of nothing else."""
    if isinstance(node, ast.If):
        body = [*node.body, *node.orelse]
        pure = not any(every(node.test, ast.Call))
        return pure and all(only_appends_hooks(group, inner) for inner in body)
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "append":
        return False
    facts = group.ctx.facts
    listed = facts.value(call.func.value)
    hooks = listed.items if isinstance(listed, Sequence) else ()
    added = passive_rule(group.ctx, facts.value(call.args[0])) if len(call.args) == 1 else None
    return added is not None and all(passive_rule(group.ctx, hook) for hook in hooks)


def is_literal(node: ast.expr) -> bool:
    """True for a dictionary, list or tuple written out of constants."""
    parts = list(every(node, ast.expr))
    return isinstance(node, (ast.Dict, ast.List, ast.Tuple)) and all(
        isinstance(n, (ast.Dict, ast.List, ast.Tuple, ast.Constant)) for n in parts
    )


def same_origin(a: Value, b: Value | None) -> bool:
    """True when both come from one call, or are one list."""
    if isinstance(a, Result) and isinstance(b, Result):
        return a.call is b.call
    return isinstance(a, Sequence) and isinstance(b, Sequence) and a.items == b.items


def consumed_nodes(group: Group, module: Module) -> set[ast.AST]:
    """Everything inside the calls whose arguments move, or that go."""
    found = {n for c in group.constructions for n in descendants(c)}
    for use in group.uses.values():
        # an Experiment and its runner keep what they are given, but for hooks
        whole = use.kind not in ("experiment", "run_experiment")
        found.update(own_nodes(use.call) if whole else hook_arguments(use.call))
    for call in every(module.tree, ast.Call):
        value = group.ctx.facts.value(call)
        if isinstance(value, Result) and value.call is call:
            if value.symbol in (CONSUMED - RUN_CONFIGS) | EXPORTERS or passive_rule(group.ctx, value) is not None:
                found.update(descendants(call))
    for statement in every(module.tree, ast.Expr):
        if only_appends_hooks(group, statement):
            found.update(descendants(statement))
    for node in every(module.tree, ast.Assign):
        value = group.ctx.facts.value(node.value)
        if isinstance(value, Sequence) and value.items and all(reports(group, v) for v in value.items):
            found.update(descendants(node.value))
    return found


def own_nodes(call: ast.Call) -> set[ast.AST]:
    """A call of a method with its arguments; what it is called on stays, whatever that is given."""
    arguments = [*call.args, *call.keywords]
    return {call, call.func, *(n for argument in arguments for n in descendants(argument))}


def hook_arguments(call: ast.Call) -> set[ast.AST]:
    """The nodes of a call's arguments that are hooks."""
    return {n for k in call.keywords if k.arg in ("train_monitors", "eval_hooks") for n in descendants(k.value)}


def is_hook_part(group: Group, module: Module, node: ast.AST) -> bool:
    """True for a node inside the call that makes a hook which only reports."""
    return any(
        node in descendants(call) and passive_rule(group.ctx, group.ctx.facts.value(call)) is not None
        for call in every(module.tree, ast.Call)
    )


def refuse_others(
    group: Group, module: Module, call: ast.Call, arguments: dict[str, ast.expr], known: Set[str]
) -> None:
    """Refuse arguments that have no counterpart, but for names of None."""
    for name, node in arguments.items():
        value = group.ctx.facts.value(node)
        if name in known or (isinstance(node, (ast.List, ast.Tuple)) and not node.elts):
            continue
        if value is not None and is_none(value):
            continue
        if name == "hooks" and hooks.all_passive(group.ctx, module, node):
            continue
        raise group.ctx.refuse("estimator-argument", call, module, f"`{name}` has no counterpart yet")
