"""The checks on one unit: each compares what the legacy replay recorded with what the Keras model does."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy

from . import diff, feeds, keras_replay, trees
from .keras_capture import Model, Seen
from .transplant import Ties, untied

FORWARD = LOSS = METRICS = PREDICTIONS = RATE = 1e-5
INPUTS = 1e-6
STEP_ELSEWHERE = 7  # as in legacy_replay


class Mode(object):
    """One mode of a unit on both sides: the legacy record, the Keras model and the legacy batches as its data."""

    def __init__(self, legacy: Dict[str, Any], model: Any, seen: Optional[Seen], ties: Ties) -> None:
        self.legacy = legacy
        self.model = model
        self.seen = seen
        self.ties = ties
        batches = legacy["batches"] if "batches" in legacy else [step["batch"] for step in legacy["steps"]]
        self.spec = seen.spec if seen is not None else _spec_like(legacy["structure"], batches[0])
        self.routed = feeds.routes(self.spec, batches[0], seen.batches[0] if seen is not None else None)
        self.elements = feeds.elements(self.spec, self.routed, batches)

    def start(self, step: int) -> None:
        """Legacy weights in, step counter set."""
        self.ties.assign(self.legacy["weights"])
        keras_replay.set_step(self.model, step)


def _spec_like(structure: Any, batch: Any) -> Any:
    """The legacy features as the data element, for a program whose own call was not seen."""
    from .keras_data import spec_of_arrays

    features = structure[0]
    return spec_of_arrays((trees.rebuild(features, lambda path: batch["/".join(("0",) + path)]),))


def weights(model: Any, ties: Ties, wanted: List[str]) -> diff.Row:
    """Every trainable and moving variable is tied, on both sides."""
    missing = [name for name in wanted if name not in ties.names()]
    extra = [variable.path for variable in untied(model, ties) if variable.trainable]
    problems = list(ties.problems)
    if missing:
        problems.append("legacy variables without counterpart: %s" % ", ".join(missing))
    if extra:
        problems.append("Keras variables without counterpart: %s" % ", ".join(extra))
    how = "guessed by name, shape and order" if ties.guessed else "by the weight map"
    if not wanted and not extra:
        return diff.row("weights", 0.0, None, note="the model has no variables")
    note = "; ".join(problems) or "%d variables tied %s" % (len(wanted), how)
    return diff.row("weights", 0.0, not problems, note=note)


def inputs(mode: Mode, ordered: bool) -> diff.Row:
    """The program's own first batches against the legacy ones."""
    if mode.seen is None:
        return diff.row("inputs", INPUTS, None, note="the migrated program's own input was not seen")
    gap = diff.Gap()
    own = feeds.elements(mode.spec, mode.routed, mode.legacy["first"])
    for number, (legacy, migrated) in enumerate(zip(own, mode.seen.batches)):
        leaves = dict(trees.flatten(migrated))
        for path, value in trees.flatten(legacy):
            where = "batch %d %s" % (number, "/".join(path))
            gap.add(where, value, leaves[path], max(1.0, diff.size_of(value)))
    ok: Optional[bool] = gap.within(INPUTS)
    note = "; ".join(gap.wrong[:3]) or gap.where
    if not ok and not ordered:
        ok, note = None, "the input is random, its batches cannot be compared: %s" % note
    elif mode.legacy["first"] and not any(diff.size_of(v) for _, v in trees.flatten(own[0])):
        ok, note = ok and None, "the batches hold nothing but zeros and text"
    return diff.row("inputs", INPUTS, ok, gap.absolute, gap.relative, note)


def forward(mode: Mode, predicts: bool = False) -> diff.Row:
    """What the model's call returns must be a tensor of the legacy graph."""
    candidates = mode.legacy["candidates"]
    mode.start(STEP_ELSEWHERE)
    try:
        outputs = keras_replay.forward(mode.model, mode.elements[0], predicts)
    except Exception as error:  # a model may have a call for training only and predict in another way
        why = "its call does not take this input: %s" % type(error).__name__
        return diff.row("forward", FORWARD, None, note=why)
    gap = diff.Gap()
    lonely = []
    for name, value in outputs.items():
        same = {key: c for key, c in candidates.items() if _squeezed(c.shape) == _squeezed(value.shape)}
        if diff.kind_of(value) != "fractions" or not same:
            lonely.append(name or "the output")
            continue
        gaps = {key: diff.distance(c.ravel(), value.ravel()) / max(1.0, diff.size_of(c)) for key, c in same.items()}
        best = min(gaps, key=lambda key: gaps[key])
        scale = max(1.0, diff.size_of(same[best]))
        gap.compared += 1
        gap.note("%s = %s" % (name or "output", best), gaps[best] * scale, scale)
        if numpy.ptp(same[best]) == 0.0:
            return diff.row("forward", FORWARD, None, note="the output is constant")
    if not gap.compared:
        return diff.row("forward", FORWARD, None, note="no legacy tensor has the shape of %s" % ", ".join(lonely))
    return diff.row("forward", FORWARD, gap.within(FORWARD), gap.absolute, gap.relative, gap.where)


def predictions(mode: Mode) -> diff.Row:
    """The predictions key by key."""
    mode.start(STEP_ELSEWHERE)
    got = keras_replay.predict(mode.model, mode.seen, mode.spec, mode.elements)
    gap = diff.Gap()
    moving = False
    for number, (legacy, migrated) in enumerate(zip(mode.legacy["predictions"], got)):
        expected, found = trees.named(legacy), trees.named(migrated)
        for key, value in expected.items():
            if key not in found:
                gap.wrong.append("the prediction %r is missing" % key if key else "the prediction is not an array")
                continue
            gap.add("%s of batch %d" % (key, number), value, found[key], max(1.0, diff.size_of(value)))
            moving = moving or diff.kind_of(value) == "text" or bool(numpy.ptp(numpy.asarray(value, float)) > 0)
    ok: Optional[bool] = gap.within(PREDICTIONS)
    note = "; ".join(sorted(set(gap.wrong))[:4]) or gap.where
    if ok and not moving:
        ok, note = None, "all predictions are the same number"
    return diff.row("predictions", PREDICTIONS, ok, gap.absolute, gap.relative, note)


def metrics(mode: Mode) -> diff.Row:
    """evaluate()'s result key by key; the legacy `global_step` is the Keras step counter."""
    mode.start(STEP_ELSEWHERE)
    assert mode.seen is not None
    got = keras_replay.evaluate(mode.model, mode.seen, mode.elements)
    gap = diff.Gap()
    still = []
    for key, value in mode.legacy["metrics"].items():
        if key == "global_step":
            counters = [o.iterations for o in keras_replay.optimizers_of(mode.model)[:1]]
            found = got.get(key, numpy.asarray(counters[0]) if counters else None)
        else:
            found = got.get(key)
        if found is None:
            gap.wrong.append("the metric %r is missing" % key)
            continue
        value, found = numpy.asarray(value), numpy.asarray(found)
        if diff.kind_of(value) != diff.kind_of(found):
            found = found.astype(value.dtype)  # Keras reports every metric as a Python float
        gap.add(key, value, found, max(1.0, diff.size_of(value)))
        if key in mode.legacy["fresh"] and key != "loss" and diff.distance(value, mode.legacy["fresh"][key]) == 0.0:
            still.append(key)
    ok: Optional[bool] = gap.within(METRICS)
    note = "; ".join(gap.wrong[:4]) or gap.where
    if ok and still and len(still) == len([k for k in mode.legacy["fresh"] if k != "loss"]):
        ok, note = None, "no metric moved from its start: %s" % ", ".join(still)
    elif ok and still:
        note = "%s; proves nothing for %s, which did not move" % (note, ", ".join(still))
    return diff.row("metrics", METRICS, ok, gap.absolute, gap.relative, note)


def signature(legacy: List[Dict[str, Any]], exported: List[Dict[str, Any]]) -> diff.Row:
    """Signature names, keys, types and ranks of the exported models."""
    if not exported:
        return diff.row("export", 0.0, False, note="the migrated program exported nothing")
    wrong = []
    for name, signature in legacy[0].items():
        other = exported[0].get(name)
        if other is None:
            wrong.append("the signature %r is missing" % name)
            continue
        for side in ("inputs", "outputs"):
            for key, info in signature[side].items():
                if key not in other[side]:
                    wrong.append("%s has no %s %r" % (name, side[:-1], key))
                elif list(info) != list(other[side][key]) and None not in (info[1], other[side][key][1]):
                    wrong.append("%s: %r is %s instead of %s" % (name, key, other[side][key], info))
            for key in sorted(set(other[side]) - set(signature[side])) if side == "inputs" else ():
                wrong.append("%s wants the additional input %r" % (name, key))
    # Keras adds the default name by itself.
    more = sorted(set(exported[0]) - set(legacy[0]) - {"serving_default"})
    wrong += ["the signature %r is additional" % name for name in more]
    note = "; ".join(wrong[:4]) or "signatures: %s" % ", ".join(sorted(legacy[0]))
    return diff.row("export", 0.0, not wrong, note=note)


def _squeezed(shape: Any) -> List[int]:
    return [size for size in shape if size != 1]


def of_mode(models: List[Model], mode: str) -> Optional[Model]:
    """The model with which the migrated program did what this mode is for."""
    return next((model for model in models if mode in model.seen), None)
