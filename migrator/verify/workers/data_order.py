"""Inputs in the order of the data: shuffling is switched off on both sides, so that their batches can be compared."""

from __future__ import annotations

import importlib
from typing import Any


def install() -> None:
    """Replaces the shuffles of tf.data and, where they exist, those of the Estimator's queue inputs."""
    datasets = importlib.import_module("tensorflow.python.data.ops.dataset_ops")
    for name in ("DatasetV1", "DatasetV2"):
        if hasattr(datasets, name):
            getattr(datasets, name).shuffle = _same_order
    try:
        shuffles = importlib.import_module("tensorflow.python.data.experimental.ops.shuffle_ops")
        shuffles._ShuffleAndRepeatDataset = lambda dataset, size, count=None, seed=None: dataset.repeat(count)  # type: ignore[attr-defined]
    except ImportError:
        pass  # newer versions dropped the fused form
    try:
        feeding = importlib.import_module("tensorflow_estimator.python.estimator.inputs.queues.feeding_functions")
    except ImportError:
        return
    enqueue = feeding._enqueue_data

    def in_order(*arguments: Any, **options: Any) -> Any:
        options.update(shuffle=False, num_threads=1)
        return enqueue(*arguments, **options)

    feeding._enqueue_data = in_order  # type: ignore[attr-defined]


def _same_order(dataset: Any, *_arguments: Any, **_options: Any) -> Any:
    return dataset
