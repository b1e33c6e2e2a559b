"""Compares the two halves of a proof."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

STRUCTURE = re.compile(
    "must match|the map names|ncompatible|ndim|did not hold|to be true|must have rank|must be of type"
    "|is not in the list|Static rank|has no attribute 'assign'"
)
"""Errors of a twin that say: this is another structure."""
TOLERANCE = {"optimizer": 2e-4, "initializer": 0.08, "schedule": 5e-6}
STATISTICS_TOLERANCE = 0.08


def differences(kind: str, statistics: bool, legacy: Mapping[str, Any], target: Mapping[str, Any]) -> list[str]:
    """What differs beyond the tolerance, in words; nothing when the halves agree."""
    tolerance = STATISTICS_TOLERANCE if statistics else TOLERANCE.get(kind, 2e-5)
    found = [f"{name} is too much" for name in target if name not in legacy]
    for name, expected in legacy.items():
        if name not in target:
            found.append(f"{name} is missing")
            continue
        got = target[name]
        if expected.dtype.kind in "US" and (expected.shape == got.shape or name in ("types", "trainable")):
            if _texts(expected) != _texts(got):
                found.append(f"{name}: {got.tolist()} instead of {expected.tolist()}")
        elif expected.shape != got.shape:
            found.append(f"{name}: shape {got.shape} instead of {expected.shape}")
        elif expected.size and (distance := _distance(kind, expected, got)) > tolerance:
            found.append(f"{name}: {distance:.1e} apart")
    return found


def _distance(kind: str, expected: Any, got: Any) -> float:
    """Relative to the movement for an optimizer, to the deviation for a draw, else to the size of each element."""
    if expected.dtype == bool:
        return float((expected != got).mean())
    expected, got = expected.astype("complex128"), got.astype("complex128")
    gap = np.abs(expected - got)
    if kind == "optimizer":
        return float(gap.max() / np.abs(expected).max())
    if kind == "initializer":
        return float(gap.max() / max(abs(expected[1]), 1e-6))
    return float((gap / ((1e-9 if kind == "schedule" else 1) + np.abs(expected))).max())


def _texts(values: Any) -> list[str]:
    """Texts and byte strings as one list of texts."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values.ravel().tolist()]
