"""Sees, and can replace, what reaches a Keras optimizer's update rule inside the compiled train step.

The values travel through tf.Variables made outside the traced function, so that the program's own train_step runs as
it always does.
"""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Tuple

import keras
import tensorflow as tf

from . import keras_start


class Line(object):
    """One optimizer as seen by the spy: its values before the first update, and each variable's gradient."""

    def __init__(self, optimizer: Any, variables: List[Any]) -> None:
        self.optimizer = optimizer
        self.initial = [(variable, variable.numpy()) for variable in optimizer.variables]
        self.variables = list(variables)
        self.seen: Dict[int, Any] = {}
        self.given: Dict[int, Any] = {}
        self.sparse: Dict[int, bool] = {}
        self.rate = tf.Variable(float("nan"), dtype=tf.float64)
        self.replace = tf.Variable(False)
        for variable in self.variables:
            zeros = tf.zeros(variable.shape, variable.dtype)
            self.seen[id(variable)] = tf.Variable(zeros)
            self.given[id(variable)] = tf.Variable(zeros)

    def reset(self) -> None:
        """Puts the optimizer back to the state before its first update."""
        for variable, value in self.initial:
            variable.assign(value)


class Spy(object):
    """All optimizers that were applied, in the order of their first update."""

    def __init__(self) -> None:
        self.lines: Dict[int, Line] = {}

    def line(self, optimizer: Any) -> Line:
        return self.lines[id(optimizer)]


def install() -> Spy:
    """Replaces `apply` and the step behind clipping on the optimizer base classes."""
    spy = Spy()
    base: Any = next(cls for cls in inspect.getmro(keras.optimizers.Optimizer) if "apply" in vars(cls))
    plain_apply = base.apply

    def apply(self: Any, grads: Any, trainable_variables: Any = None) -> Any:
        if id(self) not in spy.lines and trainable_variables is not None:
            variables = list(trainable_variables)
            with tf.init_scope():
                keras_start.note()
                if not self.built:
                    with keras.name_scope(self.name):
                        self.build(variables)
                    self.built = True
                spy.lines[id(self)] = Line(self, variables)
        return plain_apply(self, grads, trainable_variables)

    base.apply = apply
    owner: Any = next(cls for cls in inspect.getmro(keras.optimizers.SGD) if "_backend_update_step" in vars(cls))
    plain_step = owner._backend_update_step

    def step(self: Any, grads: Any, trainable_variables: Any, learning_rate: Any) -> Any:
        line = spy.lines.get(id(self))
        if line is not None:
            line.rate.assign(tf.cast(learning_rate, tf.float64))
            grads = [_pass(line, gradient, variable) for gradient, variable in zip(grads, trainable_variables)]
        return plain_step(self, grads, trainable_variables, learning_rate)

    owner._backend_update_step = step
    return spy


def _pass(line: Line, gradient: Any, variable: Any) -> Any:
    """Notes a gradient; passes the given one on instead when that is asked for."""
    key = id(variable)
    if key not in line.seen:
        return gradient
    sparse = isinstance(gradient, tf.IndexedSlices)
    line.sparse[key] = sparse
    line.seen[key].assign(tf.convert_to_tensor(gradient))
    if sparse:
        # Its form matters to the update rule: rows not named in it may have to stay.
        return gradient
    return tf.cond(line.replace, lambda: tf.identity(line.given[key]), lambda: tf.identity(gradient))


def seen_gradients(spy: Spy, variables: List[Any]) -> Dict[int, Tuple[Any, bool]]:
    """Variable id -> (gradient of the last step, whether it was sparse)."""
    found = {}
    for line in spy.lines.values():
        for variable in line.variables:
            if id(variable) in line.sparse:
                found[id(variable)] = (line.seen[id(variable)].numpy(), line.sparse[id(variable)])
    return {key: value for key, value in found.items() if key in {id(v) for v in variables}}
