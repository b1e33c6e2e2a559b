"""Inputs in the order of the data: shuffling is switched off on both sides, so that their batches can be compared.

That a program shuffles is noted: `shuffles` counts the calls, and `is_shuffled` knows what was made from such a call.
"""

from __future__ import annotations

import importlib
from typing import Any, List, Optional

shuffles: List[str] = []  # one entry per call; in a function of a dataset it is "inside"
_MARK = "_migrator_shuffled"


def install() -> None:
    """Replaces the shuffles of tf.data and, where they exist, those of the Estimator's queue inputs."""
    datasets = importlib.import_module("tensorflow.python.data.ops.dataset_ops")
    for name in ("DatasetV1", "DatasetV2"):
        if hasattr(datasets, name):
            getattr(datasets, name).shuffle = _same_order
    try:
        fused = importlib.import_module("tensorflow.python.data.experimental.ops.shuffle_ops")
        fused._ShuffleAndRepeatDataset = _same_order_repeated  # type: ignore[attr-defined]
    except ImportError:
        pass  # newer versions dropped the fused form
    try:
        feeding = importlib.import_module("tensorflow_estimator.python.estimator.inputs.queues.feeding_functions")
    except ImportError:
        return
    enqueue = feeding._enqueue_data

    def in_order(*arguments: Any, **options: Any) -> Any:
        if options.get("shuffle"):
            shuffles.append("queue")
        options.update(shuffle=False, num_threads=1)
        return enqueue(*arguments, **options)

    feeding._enqueue_data = in_order  # type: ignore[attr-defined]


def _same_order(dataset: Any, buffer_size: Any = None, *_arguments: Any, **_options: Any) -> Any:
    if isinstance(buffer_size, int) and buffer_size <= 1:
        return dataset
    context = importlib.import_module("tensorflow.python.eager.context")
    shuffles.append("dataset" if context.executing_eagerly() else "inside")
    marked = dataset.skip(0)  # a new object: what else is made of the unshuffled one stays without the mark
    setattr(marked, _MARK, True)
    return marked


def _same_order_repeated(dataset: Any, size: Any, count: Any = None, seed: Any = None) -> Any:
    return _same_order(dataset, size).repeat(count)


def is_shuffled(dataset: Any) -> Optional[bool]:
    """Whether a dataset, or one that it is made from, was shuffled; None where that cannot be seen."""
    waiting = [dataset]
    while waiting:
        one = waiting.pop()
        if getattr(one, _MARK, False):
            return True
        try:
            waiting += list(one._inputs())
        except Exception:  # not one of TensorFlow's own datasets
            return None
    return None if "inside" in shuffles else False
