"""How many steps a model counts for a batch: one, unless its train_step adds others."""

from typing import Any, Callable, Dict, Optional, Tuple

import keras


class _Batches(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts the batches of a fit."""

    number = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.number += 1


def fitted(
    fit: Callable[..., Any], model: Any, given: Dict[str, Any], counter: Callable[[Any], Optional[int]]
) -> Tuple[Any, int]:
    """What fit gives for these arguments, and the steps that the model's counter went on by for a batch."""
    batches = _Batches()
    callbacks = given.get("callbacks") or []
    listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
    before = counter(model) or 0
    history = fit(model, **{**given, "callbacks": [*listed, batches]})
    return history, max(1, ((counter(model) or 0) - before) // max(1, batches.number))
