"""How far two sets of numbers are apart, and whether that proves anything."""

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional

import numpy

Row = Dict[str, Any]
_ULPS = 4  # of float32, that adding a small step to a weight may lose
_SPREAD, _SHAPE = 0.5, 0.2  # how far two distributions may be apart: of their spread, and of their scaled quantiles
_QUANTILES = (2, 10, 25, 40, 60, 75, 90, 98)
_FEW = 200  # draws; fewer do not show their distribution


def row(
    check: str, tolerance: float, ok: Optional[bool], absolute: Any = None, relative: Any = None, note: str = ""
) -> Row:
    """One line of evidence as plain data. `ok` None: the check proves nothing, and `note` says why."""
    return {
        "check": check,
        "max_abs_diff": _plain(absolute),
        "max_rel_diff": _plain(relative),
        "tolerance": tolerance,
        "ok": ok,
        "note": note,
    }


def _plain(value: Any) -> Optional[float]:
    if value is None:
        return None
    value = float(value)
    return value if math.isfinite(value) else 1e308  # JSON knows no infinity


class Gap(object):
    """The largest difference met so far, and where."""

    def __init__(self) -> None:
        self.absolute = 0.0
        self.relative = 0.0
        self.where = ""
        self.wrong: List[str] = []
        self.compared = 0

    def add(self, where: str, legacy: Any, other: Any, scale: float) -> None:
        """Compares two arrays of numbers; `relative` is the difference in units of `scale`."""
        self.compared += 1
        legacy, other = numpy.asarray(legacy), numpy.asarray(other)
        if legacy.shape != other.shape:
            self.wrong.append("%s has shape %s instead of %s" % (where, list(other.shape), list(legacy.shape)))
            return
        if kind_of(legacy) != kind_of(other):
            self.wrong.append("%s holds %s instead of %s" % (where, kind_of(other), kind_of(legacy)))
            return
        if kind_of(legacy) == "text":
            if [text(v) for v in legacy.ravel()] != [text(v) for v in other.ravel()]:
                self.wrong.append("%s holds other text" % where)
            return
        if legacy.size == 1:
            where = "%s: %.7g became %.7g" % (where, float(legacy.ravel()[0]), float(other.ravel()[0]))
        self.note(where, distance(legacy, other), scale)

    def note(self, where: str, absolute: float, scale: float) -> None:
        relative = absolute / scale if scale > 0 else (0.0 if absolute == 0 else math.inf)
        self.absolute = max(self.absolute, absolute)
        if relative > self.relative or not self.where:
            self.relative, self.where = relative, where

    def within(self, tolerance: float) -> bool:
        return not self.wrong and self.relative <= tolerance


def distance(legacy: Any, other: Any) -> float:
    """The largest absolute difference; not-a-number equals only itself."""
    legacy = numpy.asarray(legacy, dtype=numpy.float64)
    other = numpy.asarray(other, dtype=numpy.float64)
    if legacy.size == 0:
        return 0.0
    same = (legacy == other) | (numpy.isnan(legacy) & numpy.isnan(other))
    gaps = numpy.where(same, 0.0, numpy.abs(legacy - other))
    return math.inf if numpy.isnan(gaps).any() else float(gaps.max())


def kind_of(array: Any) -> str:
    kind = numpy.asarray(array).dtype.kind
    if kind in "OSU":
        return "text"
    return {"f": "fractions", "V": "fractions", "b": "truth values"}.get(kind, "whole numbers")


def text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def size_of(array: Any) -> float:
    """The largest absolute value, 0 for text and nothing."""
    array = numpy.asarray(array)
    if array.size == 0 or kind_of(array) == "text":
        return 0.0
    return float(numpy.abs(array.astype(numpy.float64)).max())


def movement_gap(before: Any, legacy_after: Any, other_after: Any) -> Optional[float]:
    """How far two movements from the same weights differ, in units of the legacy movement; None when nothing moved.

    Adding a step to a float32 weight rounds, so that a few last places of the weight are nobody's fault. Where that
    rounding hides single elements the size of the movement as a whole still tells: its ratio is compared too.
    """
    before = numpy.asarray(before, dtype=numpy.float64)
    legacy = numpy.asarray(legacy_after, dtype=numpy.float64) - before
    other = numpy.asarray(other_after, dtype=numpy.float64) - before
    if not numpy.isfinite(other).all():
        return math.inf
    rounding = _ULPS * float(numpy.finfo(numpy.float32).eps) * numpy.abs(before) + 1e-30
    size = float(numpy.abs(legacy).max()) if legacy.size else 0.0
    if size == 0.0:
        return None if not (numpy.abs(other) > rounding).any() else math.inf
    beyond = numpy.maximum(numpy.abs(legacy - other) - rounding, 0.0)
    # Least squares: other = ratio * legacy. Its own uncertainty from rounding is taken off.
    power = float((legacy * legacy).sum())
    ratio = float((legacy * other).sum()) / power
    doubt = 3.0 * math.sqrt(float((legacy * legacy * rounding * rounding).sum())) / power
    return max(float(beyond.max()) / size, max(abs(ratio - 1.0) - doubt, 0.0))


def drawn_alike(wanted: Any, found: Any) -> bool:
    """Whether two sets of numbers come from distributions of about the same spread and the same shape."""
    sizes = [float(numpy.sqrt((values.astype(numpy.float64) ** 2).mean())) for values in (wanted, found)]
    if 0.0 in sizes or not numpy.isfinite(sizes).all() or abs(sizes[1] / sizes[0] - 1.0) > _SPREAD:
        return False
    if wanted.size < _FEW:
        return True
    gaps = numpy.percentile(wanted / sizes[0], _QUANTILES) - numpy.percentile(found / sizes[1], _QUANTILES)
    return bool(numpy.abs(gaps).max() <= _SHAPE)
