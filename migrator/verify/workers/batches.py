"""Recorded batches as they are replayed: mixed where the data come sorted, and with a partial batch where one fits."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy

Batch = Dict[str, Any]


def pack(structure: Any, leaves: Dict[str, Any]) -> Any:
    """(features, labels) again, from the leaves by name."""
    from . import trees

    return trees.rebuild(structure, lambda path: leaves["/".join(path)])


def deal(batches: List[Batch], shapes: Dict[str, Any]) -> List[Batch]:
    """The rows of all batches dealt anew into batches of the same sizes, by a fixed permutation.

    Data sorted by class would give batches of one class. Batches that are not made of like rows stay as they are.
    """
    sizes = [_rows(batch) for batch in batches]
    if any(size is None for size in sizes) or len(batches) < 2:
        return batches
    for name, value in batches[0].items():
        if any(batch[name].shape[1:] != value.shape[1:] for batch in batches):
            return batches
    order = numpy.random.RandomState(3).permutation(sum(size or 0 for size in sizes))
    pooled = {name: numpy.concatenate([batch[name] for batch in batches])[order] for name in batches[0]}
    dealt, start = [], 0
    for size in sizes:
        dealt.append({name: value[start : start + (size or 0)] for name, value in pooled.items()})
        start += size or 0
    return dealt


def with_partial(batches: List[Batch], shapes: Dict[str, Any]) -> List[Batch]:
    """Up to three batches of which, if the shapes allow it, the last one is smaller than the others."""
    dealt = deal(batches, shapes)[:3]
    sizes = [_rows(batch) for batch in dealt]
    flexible = all(shape is None or (len(shape) > 0 and shape[0] is None) for shape in shapes.values())
    if not flexible or any(size is None for size in sizes) or len(set(sizes)) > 1:
        return dealt
    rows = (sizes[0] or 0) // 2
    if rows == 0:
        return dealt
    partial = {name: value[:rows] for name, value in dealt[-1].items()}
    return dealt[:-1] + [partial] if len(dealt) > 2 else dealt + [partial]


def _rows(batch: Batch) -> Optional[int]:
    """The batch size, when every leaf is an array with that many rows."""
    sizes = {value.shape[0] if getattr(value, "shape", ()) else None for value in batch.values()}
    return sizes.pop() if len(sizes) == 1 else None
