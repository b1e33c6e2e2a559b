"""Which mutants change behaviour: the original and the mutant are run and what they did is compared, here and directly.

Nothing of the verifier is used: neither its capture, nor its measures, nor the legacy program.
"""

from __future__ import annotations

import dataclasses
import json
import math
import pickle
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy

from tests.fixtures.programs import FOLDER, program, write_sources

from .forking import Forks

_WORKER = Path(__file__).with_name("oracle_worker.py")
SECONDS = 240.0

# What may differ without being a difference: the promises that the tool makes of a migrated program.
LIMITS = {
    "ending": 0.0,
    "steps": 0.0,
    "data": 1e-6,
    "initial weights": 1e-2,  # of their spread
    "loss": 1e-5,
    "updates": 1e-3,  # of the movement
    "rates": 1e-5,
    "metrics": 1e-5,
    "predictions": 1e-5,
    "export": 1e-5,
}


@dataclasses.dataclass(frozen=True)
class Judgement:
    """How far a mutant is from the original, aspect by aspect; infinite where they cannot be compared."""

    gaps: Mapping[str, float]
    notes: Mapping[str, str]

    @property
    def changed(self) -> tuple[str, ...]:
        """The aspects beyond their limits."""
        return tuple(name for name, gap in self.gaps.items() if gap > LIMITS[name])

    @property
    def verdict(self) -> str:
        """ "changed", "within limits", or "same": not a single number differs."""
        if self.changed:
            return "changed"
        return "within limits" if any(self.gaps.values()) else "same"

    @property
    def figures(self) -> str:
        """The largest gaps for people."""
        worst = {n: g for n, g in self.gaps.items() if g > 0.0 and (n in self.changed or not self.changed)}
        return ", ".join(f"{n} {g:.1e}" if math.isfinite(g) else n for n, g in worst.items()) or "no number differs"

    def data(self) -> dict[str, Any]:
        """As JSON."""
        return {"gaps": {n: min(g, 1e308) for n, g in self.gaps.items()}, "notes": dict(self.notes)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Judgement:
        """From JSON."""
        return cls({n: math.inf if g >= 1e308 else g for n, g in data["gaps"].items()}, data["notes"])


def observe(name: str, sources: Mapping[str, str], forks: Forks) -> Mapping[str, Any]:
    """What a program with these files does."""
    with tempfile.TemporaryDirectory(prefix="migrate-oracle-") as place:
        folder = Path(place).resolve()
        root = folder / "program"
        shutil.copytree(FOLDER / name / "legacy", root, ignore=shutil.ignore_patterns("__pycache__"))
        write_sources(sources, root)
        answer = folder / "answer.pickle"
        request = {"root": str(root), "entry": program(name).entry.data(), "answer": str(answer)}
        asked = folder / "request.json"
        asked.write_text(json.dumps(request), encoding="utf-8")
        failure = forks.run(_WORKER, [str(asked)], folder, SECONDS)
        if not answer.exists():
            return {"ending": failure, "fits": [], "metrics": [], "predictions": [], "exports": []}
        found: Mapping[str, Any] = pickle.loads(answer.read_bytes())
        return found


def judge(original: Mapping[str, Any], mutant: Mapping[str, Any]) -> Judgement:
    """Compares everything that was seen of both."""
    gaps = dict.fromkeys(LIMITS, 0.0)
    notes: dict[str, str] = {}
    for aspect, gap, note in _differences(original, mutant):
        if gap > gaps[aspect]:
            gaps[aspect], notes[aspect] = gap, note
    return Judgement(gaps, notes)


Difference = tuple[str, float, str]


def _differences(original: Mapping[str, Any], mutant: Mapping[str, Any]) -> Iterator[Difference]:
    if original["ending"] != mutant["ending"]:
        yield "ending", math.inf, mutant["ending"] or "it ends well"
        return
    if len(original["fits"]) != len(mutant["fits"]):
        yield "steps", math.inf, f"{len(mutant['fits'])} calls of fit"
    for one, other in zip(original["fits"], mutant["fits"], strict=False):
        yield from _fit(one, other)
    yield from _results("metrics", original["metrics"], mutant["metrics"])
    yield from _results("predictions", original["predictions"], mutant["predictions"])
    yield from _results("export", original["exports"], mutant["exports"])


def _fit(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Difference]:
    if one["asked"] != other["asked"]:
        yield "steps", math.inf, f"{other['asked']} steps instead of {one['asked']}"
    yield from _results("data", one["data"], other["data"])
    yield from _results("rates", one["rates"], other["rates"])
    if [value.shape for value in one["initial"]] != [value.shape for value in other["initial"]]:
        yield "initial weights", math.inf, "other variables"
        return
    for number, (first, second) in enumerate(zip(one["initial"], other["initial"], strict=True)):
        spread = float(numpy.abs(first).max()) if first.size else 0.0
        yield "initial weights", _apart(first, second) / (spread or 1.0), f"variable {number}"
    for number, (first, second) in enumerate(zip(one["losses"], other["losses"], strict=False)):
        yield "loss", _relative(first, second), f"step {number}"
    if len(one["losses"]) != len(other["losses"]):
        yield "steps", math.inf, f"{len(other['losses'])} steps ran"
    if [start.shape for start, _ in one["pushed"]] != [start.shape for start, _ in other["pushed"]]:
        yield "updates", math.inf, "other variables are trained"
        return
    for number, ((start, a), (_, b)) in enumerate(zip(one["pushed"], other["pushed"], strict=False)):
        moved = max(_apart(start, a), _apart(start, b))
        if moved > 0.0:
            yield "updates", _apart(a, b) / moved, f"variable {number} after large gradients"
    if any(_apart(a, b) for a, b in zip(one["start"], other["start"], strict=True)):
        return  # the initial weights tell
    for step, (first, second) in enumerate(zip(one["variables"], other["variables"], strict=False)):
        for number, (start, a, b) in enumerate(zip(one["start"], first, second, strict=True)):
            moved = max(_apart(start, a), _apart(start, b))
            if moved > 0.0:
                yield "updates", _apart(a, b) / moved, f"variable {number} after step {step}"


def _results(aspect: str, one: Any, other: Any, where: str = "") -> Iterator[Difference]:
    """Nested results: any other structure, kind or text is an infinite difference."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() ^ other.keys():
            yield aspect, math.inf, f"{where}/{key} on one side only"
        for key in one.keys() & other.keys():
            yield from _results(aspect, one[key], other[key], f"{where}/{key}")
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            yield aspect, math.inf, f"{where}: {len(other)} instead of {len(one)}"
        for number, (first, second) in enumerate(zip(one, other, strict=False)):
            yield from _results(aspect, first, second, f"{where}/{number}")
    elif isinstance(one, str) or isinstance(other, str):
        if one != other:
            yield aspect, math.inf, f"{where}: {other} instead of {one}"
    else:
        first, second = numpy.asarray(one), numpy.asarray(other)
        if first.shape != second.shape or (first.dtype.kind == "f") != (second.dtype.kind == "f"):
            yield aspect, math.inf, f"{where}: other shape or kind"
        elif first.dtype.kind in "OSU":
            yield aspect, 0.0 if (first == second).all() else math.inf, where
        elif first.size:
            scale = max(1.0, float(numpy.abs(first.astype(float)).max())) if aspect != "rates" else float(first) or 1.0
            yield aspect, _apart(first, second) / scale, where


def _apart(one: Any, other: Any) -> float:
    gaps = numpy.abs(numpy.asarray(one, float) - numpy.asarray(other, float))
    if gaps.size == 0:
        return 0.0
    both = numpy.isnan(numpy.asarray(one, float)) & numpy.isnan(numpy.asarray(other, float))
    gaps = numpy.where(both, 0.0, gaps)
    return math.inf if numpy.isnan(gaps).any() else float(gaps.max())


def _relative(one: float, other: float) -> float:
    return _apart(one, other) / max(abs(one), 1e-3)
