"""The checks on training: loss, gradients, learning rate, and steps of the program's own optimizer."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import math
from typing import Any, Dict, List, Optional

import numpy

from . import diff, keras_replay, keras_spy
from .proofs import LOSS, RATE, Mode
from .transplant import as_numpy, untied

GRADIENTS, STEPS = 1e-4, 1e-3
LOSSES = 10  # of the steps: later ones are there for the update rule, and rounding has more chances in more of them
AVERAGES = 10.0  # moving statistics are held to a tenth of the tolerance: the bias of a variance may be that small


def prove(mode: Mode, spy: keras_spy.Spy) -> List[diff.Row]:
    """Rows for everything that happens in a train step."""
    trainer = keras_replay.Trainer(mode.model, mode.ties, spy, mode.spec)
    if not trainer.lines:
        return [diff.row("training", STEPS, False, note="no Keras optimizer was applied in the migrated program")]
    probes = _probes(mode, trainer)
    steps = _steps(mode, trainer)
    gradients = _gradients([*steps[:1], *_strained(mode, trainer)])
    rows = [
        _loss(mode, probes, steps),
        gradients,
        _rate(mode, trainer, probes),
        _movement(mode, steps),
        _counter(steps),
    ]
    rows[0]["curve"] = _curve(mode, trainer)
    return rows


class Gradients(object):
    """The gradients of one step on both sides, the legacy values by Keras object path."""

    def __init__(self, record: Dict[str, Any], mode: Mode, shapes: Dict[str, Any]) -> None:
        self.legacy_gradients = mode.ties.expected(_dense(record["gradients"], shapes), "gradient")
        self.shaken = [mode.ties.expected(_dense(one, shapes), "gradient") for one in record["shaken"]]
        self.gradients: Dict[str, Any] = {}


class Step(Gradients):
    """One train step on both sides."""

    def __init__(self, record: Dict[str, Any], mode: Mode, shapes: Dict[str, Any]) -> None:
        Gradients.__init__(self, record, mode, shapes)
        self.record = record
        self.before = mode.ties.expected(record["before"], "weight")
        self.legacy_after = mode.ties.expected(record["after"], "weight")
        self.after: Dict[str, Any] = {}
        self.logs: Dict[str, Any] = {}
        self.counters: List[int] = []
        self.moved_untied: List[str] = []


def _steps(mode: Mode, trainer: keras_replay.Trainer) -> List[Step]:
    trainer.reset()
    keras_replay.set_step(mode.model, 0)
    shapes = {name: value.shape for name, value in mode.legacy["weights"].items()}
    loose = untied(mode.model, mode.ties)
    steps = []
    reached = 0
    for record, element in zip(mode.legacy["steps"], mode.elements):
        step = Step(record, mode, shapes)
        at = record["global_step"][0]
        if at != reached:
            keras_replay.set_step(mode.model, at)  # the legacy step was moved on here too
        before = [as_numpy(variable) for variable in loose]
        got = trainer.step(record["before"], element, step.legacy_gradients)
        step.after, step.logs, step.gradients = got["after"], got["logs"], trainer.gradients()
        step.counters = [int(o.iterations) for o in keras_replay.optimizers_of(mode.model)]
        pairs = zip(loose, before)
        step.moved_untied = [v.path for v, value in pairs if diff.distance(value, as_numpy(v)) > 0.0]
        reached = record["global_step"][1]
        steps.append(step)
    return steps


def _strained(mode: Mode, trainer: keras_replay.Trainer) -> List[Gradients]:
    """The first step again from weights several times as large, where gradients are clipped if they ever are."""
    shapes = {name: value.shape for name, value in mode.legacy["weights"].items()}
    found = []
    for record in mode.legacy["strained"]:
        one = Gradients(record, mode, shapes)
        if all(numpy.isfinite(value).all() for value in one.legacy_gradients.values()):
            trainer.reset()
            keras_replay.set_step(mode.model, 0)
            trainer.step(record["weights"], mode.elements[0])
            one.gradients = trainer.gradients()
            found.append(one)
    return found


def _dense(gradients: List[Dict[str, Any]], shapes: Dict[str, Any]) -> Dict[str, Any]:
    """Legacy gradients by variable name as plain arrays; a variable with two optimizers is left out."""
    found: Dict[str, Any] = {}
    twice = set()
    for one in gradients:
        for name, gradient in one.items():
            if name in found:
                twice.add(name)
            if gradient[0] == "dense":
                found[name] = gradient[1]
            elif name in shapes:
                found[name] = numpy.zeros(shapes[name], gradient[2].dtype)
                numpy.add.at(found[name], gradient[1], gradient[2])
    return {name: value for name, value in found.items() if name not in twice}


def _probes(mode: Mode, trainer: keras_replay.Trainer) -> List[Dict[str, Any]]:
    """The first step again, at several values of the step counter."""
    probes = []
    for probe in mode.legacy["probes"]:
        trainer.reset()
        keras_replay.set_step(mode.model, probe["step"])
        got = trainer.step(mode.legacy["weights"], mode.elements[0])
        probes.append({"logs": got["logs"], "rates": trainer.rates(), "legacy": probe})
    return probes


def _loss(mode: Mode, probes: List[Dict[str, Any]], steps: List[Step]) -> diff.Row:
    pairs = [("at global step %d" % p["legacy"]["step"], p["legacy"]["loss"], p["logs"].get("loss")) for p in probes]
    judged = enumerate(steps[:LOSSES])
    pairs += [("of step %d" % n, step.record["loss"], step.logs.get("loss")) for n, step in judged]
    if any(found is None for _, _, found in pairs):
        return diff.row("loss", LOSS, False, note="train_step does not report `loss`")
    gap = diff.Gap()
    for where, legacy, found in pairs:
        found = numpy.asarray(found, numpy.asarray(legacy).dtype)
        gap.add("loss " + where, legacy, found, max(1e-3, diff.size_of(legacy)))
    if all(diff.size_of(legacy) == 0.0 for _, legacy, _ in pairs):
        return diff.row("loss", LOSS, None, note="the loss is zero on every batch")
    return diff.row("loss", LOSS, gap.within(LOSS), gap.absolute, gap.relative, "; ".join(gap.wrong[:2]) or gap.where)


def _curve(mode: Mode, trainer: keras_replay.Trainer) -> Optional[Dict[str, Any]]:
    """The losses of both programs when each trains by itself from the same weights: a picture for people, no check.

    A free run is no check, because rounding grows over its steps; the steps that are judged start from legacy weights.
    """
    records = mode.legacy["steps"]
    trainer.reset()
    migrated = []
    weights: Optional[Dict[str, Any]] = records[0]["before"]
    reached: Optional[int] = None
    for record, element in zip(records, mode.elements):
        if record["global_step"][0] != reached:
            keras_replay.set_step(mode.model, record["global_step"][0])
        try:
            loss = trainer.step(weights, element)["logs"].get("loss")
        except Exception:  # a model may stop at numbers that only a free run reaches: then there is no picture
            return None
        if loss is None or numpy.size(loss) != 1:
            return None
        migrated.append(float(numpy.ravel(loss)[0]))
        weights, reached = None, record["global_step"][1]
    return {"legacy": [float(numpy.ravel(record["loss"])[0]) for record in records], "migrated": migrated}


def _gradients(steps: List[Gradients]) -> diff.Row:
    """What reaches the update rules. Gradients far smaller than the others are held to the rounding of those.

    Where the legacy gradients themselves jump under rounding (a unit that is about to switch) they may differ so much.
    """
    gap = diff.Gap()
    largest = 0.0
    # the first step alone, and from larger weights: later ones start where rounding may already have turned a relu
    for number, step in enumerate(steps):
        overall = max([diff.size_of(g) for g in step.legacy_gradients.values()] or [0.0])
        largest = max(largest, overall)
        for path, legacy in step.legacy_gradients.items():
            found = step.gradients.get(path)
            where = "%s in step 0%s" % (path, " from larger weights" if number else "")
            if found is None:
                if diff.size_of(legacy) > 1e-6 * overall:
                    gap.wrong.append("%s has no gradient" % path)
                continue
            shakes = max([diff.distance(legacy, one[path]) for one in step.shaken] or [0.0])
            gap.add(where, legacy, found, diff.size_of(legacy) + 1e-2 * overall + 2.0 * shakes / GRADIENTS)
        for path, found in step.gradients.items():
            if path not in step.legacy_gradients and diff.size_of(found) > 1e-6 * overall:
                gap.wrong.append("%s has a gradient, its legacy variable has none" % path)
    note = "; ".join(sorted(set(gap.wrong))[:4]) or gap.where
    if not gap.compared or largest == 0.0:
        return diff.row("gradients", GRADIENTS, None, note=note or "every gradient is zero")
    return diff.row("gradients", GRADIENTS, gap.within(GRADIENTS), gap.absolute, gap.relative, note)


def _rate(mode: Mode, trainer: keras_replay.Trainer, probes: List[Dict[str, Any]]) -> diff.Row:
    """The learning rate that the update rule was given at several steps, and the schedule's wherever it changes."""
    gap = diff.Gap()
    paths = {name: path for tie in mode.ties.ties for name in tie.legacy for path in tie.paths[:1]}
    looked = [(probe["legacy"]["step"], probe["legacy"]["rates"], probe["rates"]) for probe in probes]
    if trainer.rates_at(probes[-1]["legacy"]["step"]) == probes[-1]["rates"]:
        # Not so where something but the optimizer decides the rate: then the probes must do.
        looked += [(step, rates, trainer.rates_at(step)) for step, rates in mode.legacy["curve"]]
    for step, wanted, got in looked:
        for optimizer, rate in zip(mode.legacy["optimizers"], wanted):
            known = [paths[name] for name in optimizer["variables"] if name in paths]
            found = [got[path] for path in known if path in got]
            if found and not math.isnan(float(rate)):
                where = "%s at step %d" % (optimizer["class"], step)
                gap.add(where, numpy.float64(rate), numpy.float64(found[0]), max(1e-12, abs(float(rate))))
    if not gap.compared:
        return diff.row("learning rate", RATE, None, note="the legacy optimizer does not show its learning rate")
    return diff.row("learning rate", RATE, gap.within(RATE), gap.absolute, gap.relative, gap.where)


def _movement(mode: Mode, steps: List[Step]) -> diff.Row:
    """Every variable moves as its legacy one does, step by step from the legacy weights."""
    worst, where, moved = 0.0, "", set()
    trained = {path for step in steps for path in step.legacy_gradients}
    absolute = 0.0
    untied_moves = sorted({path for step in steps for path in step.moved_untied})
    for number, step in enumerate(steps):
        for path, before in step.before.items():
            gap: Optional[float] = diff.movement_gap(before, step.legacy_after[path], step.after[path])
            if gap is None:
                continue
            moved.add(path)
            if path not in trained:
                gap *= AVERAGES  # no optimizer rounds here
            absolute = max(absolute, diff.distance(step.legacy_after[path], step.after[path]))
            if gap > worst or not where:
                worst, where = gap, "%s in step %d" % (path, number)
    if untied_moves:
        return diff.row("training", STEPS, False, note="untied variables move: %s" % ", ".join(untied_moves[:4]))
    if not moved:
        return diff.row("training", STEPS, None, note="no variable moved in %d steps" % len(steps))
    note = "%s; %d of %d variables moved in %d steps" % (where, len(moved), len(steps[0].before), len(steps))
    return diff.row("training", STEPS, worst <= STEPS, absolute, worst, note)


def _counter(steps: List[Step]) -> diff.Row:
    """The step counter: the compiled optimizer's, or one of those the model keeps when none is compiled."""
    legacy = [step.record["global_step"][1] for step in steps]
    if all(step.record["global_step"][0] == step.record["global_step"][1] for step in steps):
        return diff.row("step counter", 0.0, None, note="the legacy global step does not move")
    counters = list(zip(*[step.counters for step in steps]))
    gaps = [max(abs(a - b) for a, b in zip(legacy, counter)) for counter in counters]
    worst = min(gaps) if gaps else None
    return diff.row("step counter", 0.0, worst == 0, worst, note="after %d steps: %s" % (len(steps), legacy[-1]))
