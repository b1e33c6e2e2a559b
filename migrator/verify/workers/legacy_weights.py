"""The weights both sides start from: what the legacy graph initialises, perturbed, equal in every mode."""

from __future__ import annotations

import zlib
from typing import Any, Dict, List

import numpy

SHAKE = 1e-6
# Variables that batch normalization and averages move; in EVAL and PREDICT nothing in the graph tells.
_MOVING_NAMES = ("moving_mean", "moving_variance", "ExponentialMovingAverage")


class Weights(object):
    """Perturbed values by variable name, made when a mode first shows the variable."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.values: Dict[str, Any] = {}
        self.initial: Dict[str, Any] = {}
        self.trainable: List[str] = []
        self.moving: List[str] = []
        self.order: List[str] = []

    def perturb(self, session: Any, built: Any) -> None:
        """Gives every trainable and moving variable its value. Slots stay as the optimizer starts them.

        Zero biases and unit scales would hide a missing bias or two swapped layers. A graph for evaluation has slots
        too where the model_fn makes its train_op in every mode.
        """
        tf = self.tf
        slots = {id(slot) for applied in built.applied for slot in applied.slots}
        trainable = {id(variable) for variable in tf.trainable_variables()}
        for variable in tf.global_variables():
            name = saved_name(variable)
            if id(variable) in slots or not variable.dtype.base_dtype.is_floating:
                continue
            moves = id(variable) not in trainable and is_moving(variable)
            if id(variable) not in trainable and not moves:
                continue
            if name not in self.values:
                self.order.append(name)
                (self.moving if moves else self.trainable).append(name)
                self.initial[name] = session.run(variable)
                self.values[name] = perturbed(name, self.initial[name])
            self.load(session, variable, self.values[name])

    def of(self, built: Any) -> Dict[str, Any]:
        """The perturbed variables of a graph, by name."""
        return {n: v for v in self.tf.global_variables() for n in [saved_name(v)] if n in self.values}

    def load_all(self, session: Any, variables: Dict[str, Any], values: Dict[str, Any]) -> None:
        """Assigns many variables in one run."""
        starts = {name: variable.initializer for name, variable in variables.items()}
        session.run(list(starts.values()), {start.inputs[1]: values[name] for name, start in starts.items()})

    def load(self, session: Any, variable: Any, value: Any) -> None:
        """Assigns without adding to the graph: the initializer runs with another value fed."""
        initializer = variable.initializer
        session.run(initializer, {initializer.inputs[1]: value})


def saved_name(variable: Any) -> str:
    """The name under which a checkpoint has a variable: that of the whole, where the one part of it is all of it."""
    part = getattr(variable, "_save_slice_info", None)
    if part is not None and list(part.full_shape) == list(part.var_shape):
        return str(part.full_name)
    return str(variable.op.name)


def perturbed(name: str, value: Any) -> Any:
    """The value, moved by an amount that depends on the name alone; what is never negative stays positive."""
    random = numpy.random.RandomState(zlib.crc32(name.encode("utf-8")) & 0x7FFFFFFF)
    value = numpy.asarray(value)
    if "variance" in name:
        return (numpy.abs(value) * random.uniform(0.7, 1.4, value.shape)).astype(value.dtype)
    spread = float(value.std()) if value.size > 1 else 0.0
    size = 0.3 * spread if spread > 1e-6 else 0.1 * max(1.0, float(numpy.abs(value).max()) if value.size else 1.0)
    return (value + size * random.uniform(-1.0, 1.0, value.shape)).astype(value.dtype)


def shaken(values: Dict[str, Any], number: int) -> Dict[str, Any]:
    """The same weights, each off by about the rounding of a deep network: what changes then is decided by rounding."""
    random = numpy.random.RandomState(number)
    return {n: (v * (1 + SHAKE * random.uniform(-1, 1, v.shape))).astype(v.dtype) for n, v in sorted(values.items())}


def is_moving(variable: Any) -> bool:
    """Whether something other than its initializer assigns a variable that is not trained."""
    if any(name in variable.op.name for name in _MOVING_NAMES):
        return True
    handle = getattr(variable, "handle", None)
    readers = handle.consumers() if handle is not None else variable._ref().consumers()
    assigns = [op for op in readers if "Assign" in op.type or op.type.startswith(("Scatter", "ResourceScatter"))]
    return len(assigns) > 1
