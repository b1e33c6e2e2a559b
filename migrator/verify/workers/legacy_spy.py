"""Sees what reaches an optimizer's update rule while a legacy graph is built: gradients, variables, slots, rate."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Tuple


class Applied(object):
    """One call of apply_gradients that did the update itself."""

    def __init__(self, optimizer: Any, pairs: List[Tuple[Any, Any]], slots: List[Any], rate: Any) -> None:
        self.optimizer = optimizer
        self.pairs = pairs
        self.slots = slots
        self.rate = rate


class Spy(object):
    """Collects the Applied of the graph that is being built."""

    def __init__(self) -> None:
        self.applied: List[Applied] = []
        self.seen = 0


def install(tf: Any) -> Spy:
    """Replaces Optimizer.apply_gradients, also that of subclasses which the program defines later."""
    spy = Spy()
    base = tf.train.Optimizer
    base.apply_gradients = _wrap(tf, spy, base.apply_gradients)
    for cls in _subclasses(base):
        if "apply_gradients" in vars(cls):
            cls.apply_gradients = _wrap(tf, spy, vars(cls)["apply_gradients"])

    def init_subclass(cls: Any, **options: Any) -> None:
        super(base, cls).__init_subclass__(**options)
        if "apply_gradients" in vars(cls):
            cls.apply_gradients = _wrap(tf, spy, vars(cls)["apply_gradients"])

    base.__init_subclass__ = classmethod(init_subclass)  # type: ignore[arg-type]
    for cls in _of_keras(tf):  # what an Estimator of a Keras model may be compiled with
        cls.apply_gradients = _wrap(tf, spy, cls.apply_gradients)
    return spy


def _of_keras(tf: Any) -> List[Any]:
    """The optimizers of Keras that make their updates in a graph: the class that all of them are."""
    optimizers = getattr(getattr(tf, "keras", None), "optimizers", None)
    base = getattr(getattr(optimizers, "legacy", optimizers), "Optimizer", None)
    return [base] if base is not None and hasattr(base, "apply_gradients") else []


def _subclasses(cls: Any) -> List[Any]:
    return [found for child in cls.__subclasses__() for found in [child] + _subclasses(child)]


def _wrap(tf: Any, spy: Spy, original: Callable[..., Any]) -> Callable[..., Any]:
    def apply_gradients(self: Any, grads_and_vars: Any, *arguments: Any, **options: Any) -> Any:
        pairs = list(grads_and_vars)
        seen = spy.seen
        before = {id(variable) for variable in tf.global_variables()}
        result = original(self, pairs, *arguments, **options)
        # Optimizers that wrap another one pass gradients on: the innermost call is the one that updates.
        if spy.seen == seen:
            slots = [variable for variable in tf.global_variables() if id(variable) not in before]
            spy.applied.append(Applied(self, [pair for pair in pairs if pair[0] is not None], slots, _rate(self)))
            spy.seen += 1
        return result

    return apply_gradients


def _rate(optimizer: Any) -> Optional[Any]:
    for name in ("_learning_rate_tensor", "_lr_t", "_learning_rate", "learning_rate", "_lr"):
        value = getattr(optimizer, name, None)
        if value is not None and not callable(value):
            return value
    return None
