"""Which checkpoint a call on an Estimator reads: the last one of its folder, as the model holds it, or another."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.values import Result, is_none
from migrator.lower.programs import run_configs
from migrator.lower.programs.clusters import RUN_CONFIGS
from migrator.lower.programs.groups import given
from migrator.lower.programs.input_arguments import is_readable

if TYPE_CHECKING:
    from migrator.detect.program import Use
    from migrator.lower.programs.group import Group

LATEST = "tensorflow.train.latest_checkpoint"  # of a folder


def check_path(group: Group, use: Use, arguments: dict[str, ast.expr]) -> None:
    """Refuse a call that may read another checkpoint than the last one of the Estimator's folder.

    The model holds that one, and None asks for it too: either argument goes.
    """
    node = arguments.get("checkpoint_path")
    value = group.ctx.facts.value(node) if node is not None else None
    if node is None or is_latest(group, use, node) or (value is not None and is_none(value)):
        return
    if is_folder(group, use, node):
        message = "`checkpoint_path` is a folder, with which the legacy call fails; now it reads what the folder holds"
        group.ctx.note("checkpoint-path", "warning", use.module, use.call, message)
        group.ctx.lower_level("review")
        return
    message = "`checkpoint_path` may name any checkpoint; a model keeps its last weights alone, under another name"
    raise group.ctx.refuse("estimator-argument", use.call, use.module, message)


def is_latest(group: Group, use: Use, node: ast.expr) -> bool:
    """True for the last checkpoint of the Estimator's own folder, asked for in the call itself."""
    value = group.ctx.facts.value(node)
    if not isinstance(node, ast.Call) or not isinstance(value, Result) or value.call is not node or value.part:
        return False
    if use.kind == "predict" and is_trained_after(group, use):
        return False  # it is asked for when predict is called, and read when the first prediction is
    if value.symbol == "estimator.latest_checkpoint" and isinstance(node.func, ast.Attribute):
        return is_receiver(group, use, node.func.value)
    return value.symbol == LATEST and len(node.args) == 1 and not node.keywords and is_folder(group, use, node.args[0])


def is_folder(group: Group, use: Use, node: ast.expr) -> bool:
    """True for the folder of the one Estimator that a call is made on."""
    if isinstance(node, ast.Attribute) and node.attr == "model_dir" and is_receiver(group, use, node.value):
        return True
    if len(use.estimators) != 1:
        return False
    construction = group.constructions[use.estimators[0]]
    module, call = construction.module, construction.call
    folder = given(call, construction.result.symbol).get("model_dir")
    if folder is None:
        config = run_configs.run_config(group, construction)
        if config is None or config.symbol not in RUN_CONFIGS:
            return False
        folder, module, call = run_configs.settings(config).get("model_dir"), config.module, config.call
    return folder is not None and ast.dump(node) == ast.dump(folder) and is_readable(module, call, use, node)


def is_trained_after(group: Group, use: Use) -> bool:
    """True when a training of the same Estimator stands below a call on it."""
    later = [u for u in group.uses.values() if u.kind.startswith("train") and u.call.lineno > use.call.lineno]
    return any(set(u.estimators) & set(use.estimators) for u in later)


def is_receiver(group: Group, use: Use, node: ast.expr) -> bool:
    """True for the one Estimator that a call is made on."""
    value = group.ctx.facts.value(node)
    return isinstance(value, Result) and not value.part and (value.call,) == use.estimators
