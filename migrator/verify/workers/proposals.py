"""The inputs to try after a failed try, the likeliest first."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

from . import clues, made_params
from .made_inputs import DICT, FLOATS, Inputs, Leaf, leaf_for

_IMAGES = ((28, 28, 1), (32, 32, 3), (64, 64, 3), (224, 224, 3))
_WIDTHS = (4, 784, 1, 10)
_LENGTHS = (10,)


def after(error: BaseException, inputs: Inputs, hints: Dict[str, Any], params: Any) -> List[Inputs]:
    """What to try next, the likeliest first."""
    text = clues.said(error)
    numbers = [int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.])", text) if 0 < int(n) <= 100000]
    found: List[Inputs] = []
    if not inputs.features:  # nothing was read by key
        shown = made_params.leaves_of(made_params.columns_in(params))
        hints["leaves"].update(shown)
        if shown:
            found.append(Inputs({name: leaf_for(name, hints) for name in shown}, inputs.labels))
        found.append(Inputs({"": Leaf()}, inputs.labels))
    if "" in inputs.labels and re.search("string indices|indices must be|Only integers, slices", text):
        found.append(Inputs(inputs.features, {DICT: Leaf()}))
    if "" in inputs.features and re.search("Only integers, slices|has no attribute|not iterable", text):
        found.append(Inputs({}, inputs.labels))
    places = inputs.places()
    named = clues.dtypes(text)
    about_labels = clues.about_labels(error)
    found += _fitting(inputs, text)
    shapes = _shapes(numbers, text, hints)
    unknown = [place for place in places if inputs.at(place).shape is None]
    for shape in shapes if len(unknown) > 1 else ():
        every = inputs
        for place in unknown:
            every = every.but(place, every.at(place).but(shape=shape))
        found.append(every)
    for place in clues.ordered(places, text, about_labels):
        leaf = inputs.at(place)
        found += [inputs.but(place, leaf.but(dtype=dtype)) for dtype in named if dtype != leaf.dtype]
        found += [inputs.but(place, leaf.but(high=high)) for high in clues.bounds(text, leaf)]
        if "not finite" in text and leaf.dtype in FLOATS and not leaf.positive:
            found.append(inputs.but(place, leaf.but(positive=True)))
    for place in clues.ordered(places, text, about_labels):
        leaf = inputs.at(place)
        for shape in _near(leaf, text, numbers) + shapes:
            if shape != leaf.shape:
                found.append(inputs.but(place, leaf.but(shape=shape)))
    for place in places:
        leaf = inputs.at(place)
        for dtype in ("float32", "int64", "int32", "string"):
            if dtype != leaf.dtype:
                found.append(inputs.but(place, leaf.but(dtype=dtype)))
    return found


def _fitting(inputs: Inputs, text: str) -> List[Inputs]:
    """The other shape of two that a message names, for a leaf that has one of them; labels first."""
    named = [clues.named_shape(part) for part in clues.SHAPES.findall(text)]
    shapes = list(dict.fromkeys(shape for shape in named if shape is not None))
    found = []
    for place in inputs.places():
        leaf = inputs.at(place)
        if leaf.shape in shapes:
            found += [inputs.but(place, leaf.but(shape=shape)) for shape in shapes if shape != leaf.shape]
    return found


def _near(leaf: Leaf, text: str, numbers: List[int]) -> List[Tuple[int, ...]]:
    """Shapes like the leaf's own: a dimension more or less, or one changed into a number of the message."""
    if leaf.shape is None:
        return []
    found: List[Tuple[int, ...]] = []
    if leaf.shape == ():
        found += [(n,) for n in [1] + numbers]
    if leaf.shape in ((1,),):
        found.append(())
    for number in numbers:
        for place in range(len(leaf.shape)):
            found.append(leaf.shape[:place] + (number,) + leaf.shape[place + 1 :])
    if len(leaf.shape) == 1 and leaf.shape[0] != 1:
        found += [(), (1,)]
    return found


def _shapes(numbers: List[int], text: str, hints: Dict[str, Any]) -> List[Tuple[int, ...]]:
    """Shapes of the rank that a message asks for, or of any, made of its numbers and of those in the code."""
    ranks = [int(n) - 1 for n in re.findall(r"ndim=(\d)|rank (\d) but", text) for n in n if n]
    sizes = [size for size in hints["sizes"] if size > 1]
    squares = [(s, s, c) for s in sizes if 16 <= s <= 320 for c in (3, 1)]
    pool: Dict[int, List[Tuple[int, ...]]] = {
        0: [()],
        1: [(n,) for n in list(_WIDTHS) + numbers[:4] + sizes[:8]],
        2: [(n, 4) for n in _LENGTHS] + [(n, m) for n in sizes[:4] for m in sizes[:4]],
        3: list(dict.fromkeys(squares[:8] + list(_IMAGES))),
        4: [(4, 16, 16, 3)],
    }
    order = [rank for rank in ranks if rank in pool] or [1, 3, 0, 2]
    return [shape for rank in dict.fromkeys(order) for shape in pool[rank]]
