"""The loss curves of both programs as the coordinates of one drawing."""

from __future__ import annotations

import dataclasses
import math

from migrator.ledger import LossCurve, Verification
from migrator.report.reasons import count

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 32  # room for the labels
_TICKS = 4


@dataclasses.dataclass(frozen=True)
class Tick:
    """A label on an axis, at a place along it."""

    at: float
    label: str


@dataclasses.dataclass(frozen=True)
class Plot:
    """Both curves as paths of SVG, with their axes. Where a loss is not finite, a path has a gap."""

    legacy: str
    migrated: str
    steps: tuple[Tick, ...]
    losses: tuple[Tick, ...]
    note: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def plot(proof: Verification) -> Plot | None:
    """The drawing of a unit's loss curves; None where there are none, or too few numbers to draw."""
    curve = next((evidence.curve for evidence in proof.evidence if evidence.curve is not None), None)
    if curve is None:
        return None
    values = [value for value in (*curve.legacy, *curve.migrated) if math.isfinite(value)]
    steps = max(len(curve.legacy), len(curve.migrated))
    if steps < 2 or not values:
        return None
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)

    def x(step: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * step / (steps - 1), 1)

    def y(loss: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (high - loss) / (high - low), 1)

    def path(losses: tuple[float, ...]) -> str:
        drawn, pen = [], "M"
        for step, loss in enumerate(losses):
            if math.isfinite(loss):
                drawn.append(f"{pen}{x(step)},{y(loss)}")
            pen = "L" if math.isfinite(loss) else "M"
        return " ".join(drawn)

    levels = [low + (high - low) * part / _TICKS for part in range(_TICKS + 1)]
    every = max(1, math.ceil(steps / 12))
    return Plot(
        path(curve.legacy),
        path(curve.migrated),
        tuple(Tick(x(step), str(step + 1)) for step in range(0, steps, every)),
        tuple(Tick(y(level), f"{level:.4g}") for level in levels),
        _note(curve),
    )


def _note(curve: LossCurve) -> str:
    pairs = [(a, b) for a, b in zip(curve.legacy, curve.migrated, strict=False) if math.isfinite(a - b)]
    lost = max(len(curve.legacy), len(curve.migrated)) - len(pairs)
    gap = max((abs(a - b) for a, b in pairs), default=0.0)
    said = f"largest distance {gap:.1e}" if gap else "no distance at any step"
    return said + (f"; without a finite loss on both sides: {count(lost, 'step')}" if lost else "")
