"""Runs the captured Keras model on the legacy batches, from the legacy weights, and hands over what it does."""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Optional

import keras
import numpy
import tensorflow as tf

from . import feeds, keras_spy, trees
from .keras_capture import Seen
from .transplant import Ties


def to_numpy(tree: Any) -> Any:
    """A tree of tensors as numpy arrays."""
    leaves = dict(trees.flatten(tree))

    def value(path: Any) -> Any:
        leaf = leaves[path]
        return leaf.numpy() if hasattr(leaf, "numpy") else numpy.asarray(leaf)

    return trees.rebuild(tree, value)


def set_step(model: Any, step: int) -> None:
    """Sets the step counter of every optimizer that the model holds."""
    for optimizer in optimizers_of(model):
        optimizer.iterations.assign(step)


def optimizers_of(model: Any) -> List[Any]:
    """The compiled optimizer first, then those that the model keeps as attributes."""
    found: List[Any] = []
    main = getattr(model, "optimizer", None)
    for value in [main] + [item for attribute in list(vars(model).values()) for item in _items(attribute)]:
        if isinstance(value, keras.optimizers.Optimizer) and not any(value is known for known in found):
            found.append(value)
    return found


def _items(value: Any) -> List[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else [value]


def forward(model: Any, element: Any, predicts: bool) -> Dict[str, Any]:
    """What the model's call returns, by place in its output; for the features of a prediction if `predicts`."""
    inputs = tensors(feeds.features_of(element))
    if predicts and hasattr(model, "prediction_inputs"):
        inputs = model.prediction_inputs(inputs)
    takes_training = "training" in inspect.signature(model.call).parameters
    outputs = model(inputs, training=False) if takes_training else model(inputs)
    return trees.named(to_numpy(outputs))


def predict(model: Any, seen: Optional[Seen], spec: Any, batches: List[Any]) -> List[Any]:
    """The predictions for each batch, made the way the program makes them."""
    if seen is not None and seen.method == "predict":
        return [model.predict(feeds.dataset(spec, [batch]), verbose=0) for batch in batches]
    return [to_numpy(model.predict_on_batch(tensors(feeds.features_of(batch)))) for batch in batches]


def evaluate(model: Any, seen: Seen, batches: List[Any]) -> Dict[str, Any]:
    """The metrics over all batches."""
    model.test_function = None
    result = model.evaluate(feeds.dataset(seen.spec, batches, seen.sized), verbose=0, return_dict=True)
    return {name: numpy.asarray(value) for name, value in result.items()}


def tensors(tree: Any) -> Any:
    leaves = dict(trees.flatten(tree))

    def tensor(path: Any) -> Any:
        return leaves[path] if feeds.is_sparse(leaves[path]) else tf.convert_to_tensor(leaves[path])

    return trees.rebuild(tree, tensor)


class Trainer(object):
    """Single steps of the model's own compiled train step, each from given weights or from where the last one ended."""

    def __init__(self, model: Any, ties: Ties, spy: keras_spy.Spy, spec: Any) -> None:
        self.model = model
        self.ties = ties
        self.spy = spy
        self.spec = spec
        self.lines = [spy.lines[id(o)] for o in optimizers_of(model) if id(o) in spy.lines]
        model.steps_per_execution = 1
        model.train_function = None  # traced again, so that the spy is in it
        model.make_train_function()

    def reset(self) -> None:
        """Optimizers as they were before their first step."""
        for line in self.lines:
            line.reset()
            line.replace.assign(False)

    def step(
        self, weights: Optional[Dict[str, Any]], element: Any, gradients: Optional[Dict[str, Any]] = None
    ) -> Dict[str, Any]:
        """One train step from `weights` (legacy names; None: those that the model has). With `gradients` (by object
        path) the dense ones reach the update rule in place of the model's own: only the rule is left to differ."""
        if weights is not None:
            self.ties.assign(weights)
        for line in self.lines:
            line.replace.assign(bool(gradients))
            for path, variable in self.ties.variables():
                if id(variable) in line.given:
                    value = (gradients or {}).get(path)
                    line.given[id(variable)].assign(numpy.zeros(variable.shape) if value is None else value)
        self.model.reset_metrics()
        logs = self.model.train_function(iter(feeds.dataset(self.spec, [element])))
        return {"logs": to_numpy(logs), "after": self.ties.read()}

    def gradients(self) -> Dict[str, Any]:
        """What reached the update rules in the last step, by object path."""
        known = keras_spy.seen_gradients(self.spy, [variable for _, variable in self.ties.variables()])
        return {path: known[id(variable)][0] for path, variable in self.ties.variables() if id(variable) in known}

    def rates_at(self, step: int) -> Dict[str, float]:
        """The same at any step, read from the schedule without training."""
        set_step(self.model, step)
        found: Dict[str, float] = {}
        for line in self.lines:
            rate = float(line.optimizer.learning_rate)
            found.update((path, rate) for path, variable in self.ties.variables() if id(variable) in line.sparse)
        return found

    def rates(self) -> Dict[str, float]:
        """The learning rate of the last step, by the object path of each variable it was used for."""
        found = {}
        for line in self.lines:
            for path, variable in self.ties.variables():
                if id(variable) in line.sparse:
                    found[path] = float(line.rate.numpy())
        return found
