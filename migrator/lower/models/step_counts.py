"""Batches that count as several steps: each minimisation of a group counts one, or a number is added by hand.

TensorFlow 1 stops when the global step is reached, so that such a program trains on that many batches less. The model
counts alike and divides the steps that it is asked to train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.analysis.signatures import GLOBAL_STEPS
from migrator.analysis.values import Result, Stage, Value, options, stage_of

if TYPE_CHECKING:
    from migrator.lower.models.model_parts import ModelParts
    from migrator.lower.reading.context import Context
    from migrator.lower.spec.train_ops import TrainOp

# Those that do not look at how many steps they made.
UNCOUNTED = frozenset(
    f"tensorflow.train.{name}Optimizer"
    for name in ("Adadelta", "Adagrad", "Ftrl", "GradientDescent", "Momentum", "ProximalAdagrad", "RMSProp")
)
COUNTING = frozenset({"optimizer.minimize", "optimizer.apply_gradients", "tensorflow.assign_add"})


def of_a_batch(ops: list[TrainOp]) -> int:
    """How many steps a batch counts as."""
    return sum(op.counts for op in ops)


def main(parts: ModelParts, ops: list[TrainOp]) -> TrainOp:
    """The minimisation whose optimizer counts for all of them. Refuses where an optimizer works with the number."""
    steady = all(is_steady(value) for op in ops for value in options(op.optimizer_value))
    free = [op for op in ops if all(is_uncounted(value) for value in options(op.optimizer_value))]
    if not steady or reads_steps(parts.ctx) or not free:
        message = f"a batch counts as {of_a_batch(ops)} steps, and an optimizer works with their number"
        raise parts.ctx.refuse("global-step", ops[0].call, parts.module, message)
    return free[0]


def is_uncounted(value: Value) -> bool:
    """True for an optimizer that updates alike at every step."""
    return isinstance(value, Result) and value.symbol in UNCOUNTED


def is_steady(value: Value) -> bool:
    """True for an optimizer of the library whose arguments are known when it is made."""
    return isinstance(value, Result) and all(stage_of(given) is Stage.STATIC for given in value.bound.values())


def reads_steps(ctx: Context) -> bool:
    """True where training gives the global step to anything else than what counts it, such as a schedule."""
    trained = (by_mode.get("train") for by_mode in ctx.facts.values.values())
    return any(
        isinstance(value, Result)
        and value.symbol not in COUNTING
        and any(isinstance(given, Result) and given.symbol in GLOBAL_STEPS for given in value.bound.values())
        for value in trained
    )


def counting(ops: list[TrainOp], optimizer: str) -> list[str]:
    """What a train_step adds to the steps that its optimizer counted."""
    more = of_a_batch(ops) - 1
    if more < 1:
        return []
    return [f"        {optimizer}.iterations.assign_add({more})  # a batch counts as {more + 1} steps"]


def fit_method(ops: list[TrainOp]) -> list[str]:
    """`fit` of a model whose batches count as several steps; nothing for any other."""
    each = of_a_batch(ops)
    if each < 2:
        return []
    return [
        "    def fit(self, x=None, steps_per_epoch=None, **kwargs):",
        f"        if steps_per_epoch is not None:  # a batch counts as {each} of them",
        f"            steps_per_epoch = -(-steps_per_epoch // {each})",
        "        return super().fit(x, steps_per_epoch=steps_per_epoch, **kwargs)",
    ]
