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
        self.asked: Optional[int] = None  # training steps that the program wants


def record_batches(tf: Any, estimator: Any, input_fn: Any, mode: str, count: int) -> Batches:
    """Runs an input function in a graph of its own and keeps its first batches."""
    before = len(data_order.shuffles)
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
        rows: List[Optional[int]] = []  # of the batches that are only counted
        length: Optional[Extent] = None  # the session swallows the end of the data, and leaves its block there
        with tf.train.SingularMonitoredSession(hooks=list(hooks)) as session:
            while len(batches) < count and not session.should_stop():
                batches.append(session.run(tensors))
            length = extent.count(lambda: _advance(tf, session, tensors, rows), len(batches))
    if not batches:
        raise ValueError("the input function yields no batch")
    length = length or Extent(len(batches), True)
    first = [next((v.shape[0] for v in batch.values() if getattr(v, "shape", ())), None) for batch in batches]
    known = [number for number in first + rows if number is not None]
    length.rows = int(sum(known)) if len(known) == length.batches else None
    return Batches(structure, shapes, batches, length, len(data_order.shuffles) > before)


def _advance(tf: Any, session: Any, tensors: Dict[str, Any], rows: List[Optional[int]]) -> Optional[bool]:
    """Takes one batch more, copying out one part of it; whether there was one. None: none came in time."""
    if session.should_stop():
        return False
    small = [name for name, tensor in sorted(tensors.items()) if _rank(tensor)]
    small.sort(key=lambda name: _rank(tensors[name]))
    wanted = [tensors[name] for name in small[:1]]
    others = [getattr(tensor, "op", tensor) for name, tensor in tensors.items() if name not in small[:1]]
    try:
        options = tf.RunOptions(timeout_in_ms=int(1000 * extent.MOST_SECONDS))
        got = session.run((wanted, others), options=options)[0]
    except tf.errors.OutOfRangeError:
        return False
    except tf.errors.DeadlineExceededError:
        return None
    rows.append(got[0].shape[0] if got else None)
    return True


def _rank(tensor: Any) -> int:
    """The rank of a dense tensor; 0 where there are no rows to count."""
    shape = tensor.get_shape() if hasattr(tensor, "op") and not hasattr(tensor, "indices") else None
    return 0 if shape is None or shape.ndims is None else int(shape.ndims)


def _static_shape(tensor: Any) -> Optional[List[Optional[int]]]:
    shape = tensor.get_shape()
    return None if shape.ndims is None else shape.as_list()
