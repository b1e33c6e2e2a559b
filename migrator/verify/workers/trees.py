"""Nested batches (dicts, tuples, lists of arrays) as flat lists of (path, leaf), without any library's own nest."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

Path = Tuple[str, ...]


def flatten(tree: Any, path: Path = ()) -> List[Tuple[Path, Any]]:
    """The leaves with their paths; dict keys in sorted order, absent (None) leaves left out."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [pair for key in sorted(tree, key=str) for pair in flatten(tree[key], path + (str(key),))]
    if is_sequence(tree):
        return [pair for index, item in enumerate(tree) for pair in flatten(item, path + (str(index),))]
    return [(path, tree)]


def rebuild(tree: Any, leaf_at: Callable[[Path], Any], path: Path = ()) -> Any:
    """A tree of the same structure whose leaves are `leaf_at(path)`."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return type(tree)((key, rebuild(item, leaf_at, path + (str(key),))) for key, item in tree.items())
    if is_sequence(tree):
        items = [rebuild(item, leaf_at, path + (str(index),)) for index, item in enumerate(tree)]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return leaf_at(path)


def is_sequence(tree: Any) -> bool:
    """Plain tuples, lists and named tuples, but not the named tuples that stand for one sparse value."""
    return isinstance(tree, (tuple, list)) and type(tree).__name__ not in ("SparseTensorValue", "SparseTensor")


def named(tree: Any) -> Dict[str, Any]:
    """The leaves by slash-joined path; a bare leaf is called ""."""
    return {"/".join(path): leaf for path, leaf in flatten(tree)}
