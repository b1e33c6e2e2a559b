"""Made-up inputs: what is known of each leaf of features and labels, and batches that fit it."""

from __future__ import annotations

import re
import zlib
from typing import Any, Dict, List, Optional, Tuple

import numpy

FLOATS = ("float16", "float32", "float64")
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
DICT = "\0dict"  # in place of a leaf: a dict whose keys are not known yet
HIGH = 1000  # for whole numbers of which nothing is known: what is too large is told by the model itself


class Leaf(object):
    """One array of a batch: its type, its shape without the batch (None: not known yet), and its values.

    Whole numbers lie in [0, high); `choices` are the texts or numbers that it is made of.
    """

    def __init__(
        self,
        dtype: str = "float32",
        shape: Optional[Tuple[int, ...]] = None,
        high: int = HIGH,
        choices: Optional[Tuple[Any, ...]] = None,
        positive: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = shape
        self.high = high
        self.choices = choices
        self.positive = positive

    def but(self, **changes: Any) -> "Leaf":
        """The leaf with some of it changed."""
        return Leaf(**dict(vars(self), **changes))

    def key(self) -> Any:
        return (self.dtype, self.shape, self.high, self.choices, self.positive)

    def __str__(self) -> str:
        shape = "?" if self.shape is None else "x".join(["batch"] + [str(size) for size in self.shape])
        within = ""
        if self.choices:
            within = " of %d values" % len(self.choices)
        elif self.dtype.startswith(("int", "uint")):
            within = " below %d" % self.high
        return "%s %s%s" % (self.dtype, shape, within)


class Inputs(object):
    """The leaves of features and labels. The key "" is the whole: a tensor, not a dict."""

    def __init__(self, features: Dict[str, Leaf], labels: Dict[str, Leaf]) -> None:
        self.features = features
        self.labels = labels

    def key(self) -> Any:
        return tuple(
            tuple(sorted((name, leaf.key()) for name, leaf in side.items())) for side in (self.features, self.labels)
        )

    def places(self) -> List[Tuple[str, str]]:
        """Labels first: most of what goes wrong at the loss is theirs."""
        return [("labels", name) for name in self.labels] + [("features", name) for name in self.features]

    def at(self, place: Tuple[str, str]) -> Leaf:
        side: Dict[str, Leaf] = getattr(self, place[0])
        return side[place[1]]

    def but(self, place: Tuple[str, str], leaf: Leaf) -> "Inputs":
        """The inputs with another leaf in one place."""
        sides = {"features": dict(self.features), "labels": dict(self.labels)}
        sides[place[0]][place[1]] = leaf
        return Inputs(**sides)

    def structure(self, labelled: bool = True) -> Any:
        """(features, labels) with the names of the leaves in place of the leaves."""
        sides: List[Any] = []
        for number, side in enumerate((self.features, self.labels if labelled else {})):
            if not side:
                sides.append(None if number else {})
            elif "" in side:
                sides.append(str(number))
            else:
                sides.append({name: "%d/%s" % (number, name) for name in side})
        return tuple(sides)

    def leaves(self, labelled: bool = True) -> Dict[str, Leaf]:
        """The leaves by the names that batches have them under."""
        found = {("0/" + name).rstrip("/"): leaf for name, leaf in self.features.items()}
        if labelled:
            found.update((("1/" + name).rstrip("/"), leaf) for name, leaf in self.labels.items())
        return found

    def __str__(self) -> str:
        said = []
        for side in ("features", "labels"):
            for name, leaf in sorted(getattr(self, side).items()):
                said.append("%s %s" % ("%s[%r]" % (side, name) if name else side, leaf))
        return ", ".join(said)


def leaf_for(name: str, hints: Dict[str, Any], label: bool = False) -> Leaf:
    """A first idea of a leaf, from what the code shows of its name, then from the name itself."""
    shown = hints["leaves"].get(name)
    if shown is not None:
        shape = shown.get("shape")
        dtype = shown.get("dtype") or "float32"
        choices = shown.get("choices") or (hints["words"] if dtype == "string" else None)
        choices = tuple(choices) if choices else None
        image = dtype == "string" and not choices and re.search("image|img|raw|encoded", name.lower())
        if image:  # what is stored as bytes is decoded before the model sees it
            return Leaf("float32", None)
        return Leaf(dtype, None if shape is None else tuple(shape), shown.get("high", HIGH), choices)
    lower = name.lower()
    if label:
        return Leaf("int64", ())
    if re.search(r"(^|_)(len|lens|length|lengths|nwords|num_words|size)(s|$|_)", lower):
        return Leaf("int32", (), 11)
    if re.search("ids|token|word|input_seq|sentence", lower) and "embed" not in lower:
        return Leaf("int32", (10,))
    if re.search("label|target|class", lower):
        return Leaf("int64", ())
    return Leaf()


def batch_of(leaves: Dict[str, Leaf], rows: int, number: int) -> Dict[str, Any]:
    """One batch, the same in every process; no two batches are alike."""
    return {name: _values(name, leaf, rows, number) for name, leaf in sorted(leaves.items())}


def _values(name: str, leaf: Leaf, rows: int, number: int) -> Any:
    random = numpy.random.RandomState((zlib.crc32(name.encode("utf-8")) + 7919 * number) & 0x7FFFFFFF)
    shape = (rows,) + tuple(leaf.shape or ())
    if leaf.choices or leaf.dtype == "string":
        choices = list(leaf.choices or WORDS)
        if leaf.dtype == "string":
            choices = [str(choice).encode("utf-8") for choice in choices]
            made = numpy.empty(shape, object)
            made.ravel()[:] = [choices[i] for i in random.randint(0, len(choices), made.size)]
            return made
        return numpy.asarray(choices)[random.randint(0, len(choices), shape)].astype(leaf.dtype)
    if leaf.dtype == "bool":
        return random.randint(0, 2, shape).astype(bool)
    label = name.split("/")[0] == "1"
    if label and len(shape) > 1 and shape[-1] > 1 and (leaf.dtype in FLOATS or leaf.high == 2):  # one-hot rows
        return numpy.eye(shape[-1])[random.randint(0, shape[-1], shape[:-1])].astype(leaf.dtype)
    if leaf.dtype in FLOATS:
        if label:
            return random.randint(0, 2, shape).astype(leaf.dtype)
        if leaf.positive:
            return random.uniform(0.05, 0.95, shape).astype(leaf.dtype)
        return random.normal(size=shape).astype(leaf.dtype)
    low = 1 if leaf.high == 11 and shape == (rows,) else 0
    return random.randint(low, max(low + 1, min(leaf.high, 127 if leaf.dtype == "int8" else 2**31 - 1)), shape).astype(
        leaf.dtype
    )
