"""The input of a legacy Estimator, recorded: its first batches, how many there are, and whether they are shuffled."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from . import data_order, extent, trees
from .extent import Extent


class Batches(object):
    """The recorded input of one Estimator in one mode: batches of (features, labels) and their static shapes."""

    def __init__(
        self,
        structure: Any,
        shapes: Dict[str, Any],
        batches: List[Dict[str, Any]],
        extent: Extent,
        shuffled: bool,
    ) -> None:
        self.structure = structure  # (features, labels) with the leaf names in place of the leaves
        self.shapes = shapes
        self.batches = batches
        self.extent = extent
        self.shuffled = shuffled


def record_batches(tf: Any, estimator: Any, input_fn: Any, mode: str, count: int) -> Batches:
    """Runs an input function in a graph of its own and keeps its first batches."""
    known = len(data_order.shuffles)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        if mode == "infer":
            features, hooks = estimator._get_features_from_input_fn(input_fn, mode)
            labels = None
        else:
            features, labels, hooks = estimator._get_features_and_labels_from_input_fn(input_fn, mode)
        pairs = trees.flatten((features, labels))
        tensors = {"/".join(path): leaf for path, leaf in pairs}
        structure = trees.rebuild((features, labels), "/".join)
        shapes = {name: _static_shape(tensor) for name, tensor in tensors.items()}
        batches: List[Dict[str, Any]] = []
        length: Optional[Extent] = None  # the session swallows the end of the data, and leaves its block there
        with tf.train.SingularMonitoredSession(hooks=list(hooks)) as session:
            while len(batches) < count and not session.should_stop():
                batches.append(session.run(tensors))
            length = extent.count(lambda: _advance(tf, session, tensors), len(batches))
    if not batches:
        raise ValueError("the input function yields no batch")
    length = length or Extent(len(batches), True)
    return Batches(structure, shapes, batches, length, len(data_order.shuffles) > known)


def _advance(tf: Any, session: Any, tensors: Dict[str, Any]) -> Optional[bool]:
    """Takes one batch more without copying it out; whether there was one. None: none came in time (an open queue)."""
    if session.should_stop():
        return False
    try:
        options = tf.RunOptions(timeout_in_ms=int(1000 * extent.MOST_SECONDS))
        session.run([getattr(tensor, "op", tensor) for tensor in tensors.values()], options=options)
    except tf.errors.OutOfRangeError:
        return False
    except tf.errors.DeadlineExceededError:
        return None
    return True


def _static_shape(tensor: Any) -> Optional[List[Optional[int]]]:
    shape = tensor.get_shape()
    return None if shape.ndims is None else shape.as_list()
