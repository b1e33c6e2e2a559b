"""The legacy batches in the form in which the migrated program's data reach Keras."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy
import tensorflow as tf

from . import trees
from .batches import Batch

Path = Tuple[str, ...]


class FeedError(ValueError):
    """A leaf of the Keras data has no counterpart in the legacy batches."""


def routes(element: Any, legacy: Batch, first: Optional[Any]) -> Dict[Path, str]:
    """For each leaf of a Keras data element the legacy leaf that belongs there.

    `legacy` is a legacy batch by leaf name ("0/..." features, "1/..." labels); `first` the first batch that the
    migrated program itself had, which decides where names do not.
    """
    values = dict(trees.flatten(first)) if first is not None else {}
    return {path: _route(path, _side(element, path), legacy, values.get(path)) for path, _ in trees.flatten(element)}


def _side(element: Any, path: Path) -> Path:
    """A path as the legacy names it: Keras passes (x, y), (x,) or x alone."""
    return path if isinstance(element, tuple) else ("0",) + path


def _route(path: Path, wanted: Path, legacy: Batch, value: Any) -> str:
    exact = "/".join(wanted)
    if exact in legacy:
        return exact
    tests: Tuple[Callable[[str], bool], ...] = (
        lambda name: len(wanted) > 1 and name.split("/")[-1] == wanted[-1],
        lambda name: value is not None and _equal(legacy[name], value),
        lambda name: name.split("/")[0] == wanted[0] and _fits(legacy[name], value),
        lambda name: _fits(legacy[name], value),
    )
    for test in tests:
        found = [name for name in sorted(legacy) if test(name)]
        if len(found) == 1:
            return found[0]
    raise FeedError("nothing in the legacy input %s belongs to %s" % (sorted(legacy), "/".join(path) or "the data"))


def _equal(legacy: Any, value: Any) -> bool:
    legacy, value = numpy.asarray(legacy), numpy.asarray(value)
    if legacy.size != value.size or legacy.dtype.kind in "OSU" or value.dtype.kind in "OSU":
        return False
    return bool(numpy.allclose(legacy.ravel(), value.ravel(), atol=1e-6))


def _fits(legacy: Any, value: Any) -> bool:
    if value is None:
        return True
    legacy, value = numpy.asarray(legacy), numpy.asarray(value)
    same_kind = (legacy.dtype.kind == "f") == (value.dtype.kind == "f")
    return same_kind and [d for d in legacy.shape[1:] if d != 1] == [d for d in value.shape[1:] if d != 1]


def elements(spec: Any, routed: Dict[Path, str], batches: List[Batch]) -> List[Any]:
    """Legacy batches as Keras data elements of `spec`."""
    leaves = dict(trees.flatten(spec))

    def element(batch: Batch) -> Any:
        return trees.rebuild(spec, lambda path: _shaped(batch[routed[path]], leaves[path]))

    return [element(batch) for batch in batches]


def _shaped(value: Any, spec: Any) -> Any:
    if is_sparse(spec):
        return tf.SparseTensor(value[0], _shaped(value[1], tf.TensorSpec([None], spec.dtype)), value[2])
    value, rank = numpy.asarray(value), spec.shape.rank
    if rank is not None and rank != value.ndim:
        inner = [1 if size is None else size for size in spec.shape[1:]]
        value = value.reshape([value.shape[0]] + inner)
    return value if spec.dtype == tf.string else value.astype(spec.dtype.as_numpy_dtype)


def dataset(spec: Any, batches: List[Any], sized: bool = True) -> Any:
    """A tf.data.Dataset of the elements. Batch sizes that the spec fixes are left open when the elements differ.

    `sized`: whether Keras knows how many there are. Where it does not it runs into the end of the data, and what does
    not depend on the data is then executed once too often (the count of a Mean of scalars): a program whose own
    dataset has no known size must be judged with that.
    """
    leaves = dict(trees.flatten(spec))

    def fitting(path: Path) -> Any:
        shape = leaves[path].shape
        if is_sparse(leaves[path]):
            return tf.SparseTensorSpec([None] * shape.rank, leaves[path].dtype)
        sizes = {dict(trees.flatten(batch))[path].shape for batch in batches}
        if shape.rank and not all(shape.is_compatible_with(size) for size in sizes):
            shape = tf.TensorShape([None]).concatenate(shape[1:])
        return tf.TensorSpec(shape, leaves[path].dtype)

    data = tf.data.Dataset.from_generator(lambda: iter(batches), output_signature=trees.rebuild(spec, fitting))
    return data.apply(tf.data.experimental.assert_cardinality(len(batches))) if sized else data


def is_sparse(spec: Any) -> bool:
    """Whether a leaf, or the spec of one, is sparse."""
    return isinstance(spec, (tf.SparseTensorSpec, tf.SparseTensor))


def features_of(element: Any) -> Any:
    """What Keras calls x of an element."""
    return element[0] if isinstance(element, tuple) else element
