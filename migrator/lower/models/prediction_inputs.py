"""Features of a prediction that the model_fn brings into the form of training before its network reads them.

    if mode == tf.estimator.ModeKeys.PREDICT:
        features = features["image"]

Keras does not tell `call` a prediction from an evaluation, but only predictions go through `predict_step`: there the
statements move, as the method `prediction_inputs`, which also gives a model its inputs that is first built to predict.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from migrator.analysis.modes import Step
from migrator.lower.bodies import rendering
from migrator.lower.models.model_parts import is_expression, known
from migrator.lower.reading import class_lines
from migrator.lower.reading.slices import target_names
from migrator.source.syntax import every

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts

INFER = frozenset({"infer"})
METHOD = "prediction_inputs"


def take_out(parts: ModelParts) -> None:
    """Take the statements out of the body with which a model_fn begins in predictions, where they are such."""
    if parts.st.modes == INFER or not parts.st.modes >= INFER:
        return
    for step in parts.st.steps:
        block = only_in_predictions(step)
        if block and all(changes_features(parts, s) for s in block):
            parts.prediction_branch = step
            parts.taken_out = {step.node, *(s.node for s in block)}
            for st in (parts.st, *parts.stagings.values()):
                st.steps = [s for s in st.steps if s.node not in parts.taken_out]
            return
        if any(name.id == parts.features for name in every(step.node, ast.Name)):
            return  # what was read before is not what the network gets


def only_in_predictions(step: Step) -> list[Step]:
    """The steps of a branch that only predictions take, where the other modes have none."""
    if step.kind != "training" or step.rest or len(step.blocks) != 2:
        return []
    block, other = step.blocks if step.modes == INFER else step.blocks[::-1]
    alone = INFER in {step.modes, step.among - step.modes} and all(isinstance(s.node, ast.Pass) for s in other)
    return block if alone else []


def changes_features(parts: ModelParts, step: Step) -> bool:
    """True for a new value of the features that is made of the old and of parameters, without layers."""
    node = step.node
    if step.kind != "simple" or not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return False
    st = parts.staging(INFER)
    if target_names(node.targets[0]) != {parts.features} or any(s.step.node is node for s in st.sites.values()):
        return False
    statics = {name for name, role in parts.roles.items() if role == "static"}
    return isinstance(node.targets[0], ast.Name) and st.loads_call(node.value) <= {parts.features} | statics


def method(parts: ModelParts) -> list[str]:
    """`prediction_inputs` of the model; nothing where predictions take their features as they are."""
    branch = parts.prediction_branch
    if branch is None:
        return []
    st = parts.staging(INFER)
    st.begin_method()
    block = only_in_predictions(branch)
    written = rendering.call_block(st, block, set(block), "        ", lambda step: [])
    lines = rendering.compact([*rendering.lead(st, branch, "        "), *written])
    read = set().union(*(st.loads_call(s.node) for s in block))
    known(parts, read, {parts.features}, "the inputs of a prediction")
    given = f"        {parts.features} = "
    if lines[-1].startswith(given) and is_expression(lines[-1][len(given) :]):
        lines[-1] = f"        return {lines[-1][len(given) :]}"
    else:
        lines.append(f"        return {parts.features}")
    return [*class_lines.def_line(METHOD, ["self", parts.features]), *lines]


def call_lines(parts: ModelParts) -> list[str]:
    """The line of a method for predictions that calls it."""
    given = parts.features
    return [f"        {given} = self.{METHOD}({given})"] if parts.prediction_branch is not None else []
