"""The data given to a call of a Keras model: the first batches, their spec, how many there are, whether shuffled."""

from __future__ import annotations

import inspect
from typing import Any, Dict, Optional

import keras
import numpy
import tensorflow as tf

from . import data_order, extent, trees
from .extent import Extent

BATCHES = 3


def look_into(given: Dict[str, Any]) -> Any:
    """The element spec of the data of a call, and its first batches as numpy arrays."""
    x, y, weight = given.get("x"), given.get("y"), given.get("sample_weight")
    if isinstance(x, tf.data.Dataset):
        return x.element_spec, [arrays_of(element) for element in x.take(BATCHES)]
    if hasattr(x, "__getitem__") and isinstance(x, keras.utils.PyDataset):
        batches = [arrays_of(x[index]) for index in range(BATCHES)]
        return spec_of_arrays(batches[0]), batches
    if inspect.isgenerator(x):
        raise TypeError("a generator can be read only once")
    element = tuple(part for part in (x, y, weight) if part is not None)
    size = given.get("batch_size") or 32
    whole = arrays_of(element)
    rows = len(trees.flatten(whole)[0][1])
    starts = range(0, min(rows, BATCHES * size), size)
    return spec_of_arrays(element), [_cut(whole, start, start + size) for start in starts]


def extent_of(given: Dict[str, Any], enough: Optional[int] = None) -> Extent:
    """How long the data of a call are, counted up to `enough` batches where Keras does not know it either."""
    batches = cardinality(given)
    if batches is not None:
        return Extent(batches, True)
    x = given.get("x")
    if not isinstance(x, tf.data.Dataset):
        return Extent(0, False)
    if int(x.cardinality()) == tf.data.INFINITE_CARDINALITY:
        return Extent(2**60, False)
    batches_of = iter(x)
    return extent.count(lambda: next(batches_of, None) is not None, enough=enough)


def rows_of(given: Dict[str, Any]) -> Extent:
    """How long the data of a call are, rows included where they can be counted in time."""
    known, x, steps = extent_of(given, given.get("steps")), given.get("x"), given.get("steps")
    if not isinstance(x, tf.data.Dataset) or not known.ended or (steps is not None and steps < known.batches):
        return known
    batches_of, rows = iter(x), []

    def advance() -> bool:
        batch = next(batches_of, None)
        leaves = [leaf for _, leaf in trees.flatten(batch)]
        rows.append(int(leaves[0].shape[0]) if leaves and len(leaves[0].shape) else 0)
        return batch is not None

    counted = extent.count(advance)
    return Extent(known.batches, True, sum(rows) if counted.ended else None)


def is_shuffled(given: Dict[str, Any], method: str) -> Optional[bool]:
    """Whether a call mixes its data; None where it cannot be seen."""
    x = given.get("x")
    if isinstance(x, tf.data.Dataset):
        return data_order.is_shuffled(x)
    if x is None or inspect.isgenerator(x) or isinstance(x, keras.utils.PyDataset):
        return None
    return method == "fit" and bool(given.get("shuffle", True))


def cardinality(given: Dict[str, Any]) -> Optional[int]:
    """How many batches an epoch has, as Keras knows it; None where it does not."""
    x = given.get("x")
    if isinstance(x, tf.data.Dataset):
        count = int(x.cardinality())
        return count if count >= 0 else None  # endless or unknown
    if x is None or inspect.isgenerator(x):
        return None
    if isinstance(x, keras.utils.PyDataset):
        return len(x)
    size = given.get("batch_size") or 32
    return -(-len(trees.flatten(x)[0][1]) // size)


def _cut(whole: Any, start: int, stop: int) -> Any:
    leaves = dict(trees.flatten(whole))
    return trees.rebuild(whole, lambda path: leaves[path][start:stop])


def arrays_of(element: Any) -> Any:
    """A data element as numpy arrays."""
    leaves = dict(trees.flatten(element))
    return trees.rebuild(element, lambda path: _array(leaves[path]))


def _array(leaf: Any) -> Any:
    return leaf.numpy() if hasattr(leaf, "numpy") else leaf if _is_sparse(leaf) else numpy.asarray(leaf)


def _is_sparse(leaf: Any) -> bool:
    return isinstance(leaf, (tf.SparseTensor, tf.RaggedTensor))


def spec_of_arrays(element: Any) -> Any:
    """The spec of an element of arrays, the number of rows left open."""
    leaves = dict(trees.flatten(element))

    def spec(path: Any) -> Any:
        array = numpy.asarray(leaves[path])
        kind = tf.string if array.dtype.kind in "OSU" else tf.as_dtype(array.dtype)
        return tf.TensorSpec([None] + list(array.shape[1:]), kind)

    return trees.rebuild(element, spec)
