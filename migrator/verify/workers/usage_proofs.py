"""The checks on how a program uses its model: where weights start, how long data and training are, in what order."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy

from . import diff, keras_start
from .extent import Evaluations, Training, alike, same_lengths
from .keras_capture import Model
from .proofs import of_mode
from .transplant import Ties

INITIAL = 1e-2  # of the largest weight: spreads closer than this are alike for every training


def initial(ties: Ties, legacy: Dict[str, Any], ordered: bool) -> diff.Row:
    """What the weights are before anything trains them, random numbers being fixed on both sides."""
    gap = diff.Gap()
    loosely = []
    for tie in ties.ties:
        if not all(name in legacy for name in tie.legacy):
            continue
        for path, wanted, variable in zip(tie.paths, tie.to_keras(legacy, "weight"), tie.variables):
            found = keras_start.start_of(variable)
            wanted = numpy.asarray(wanted, numpy.float64).reshape(found.shape)
            scale = max(diff.size_of(wanted), diff.size_of(found))
            apart = diff.distance(wanted, found)
            if apart > INITIAL * scale and (tie.cell is not None or not ordered):
                # One matrix in TF1 is two in Keras, or the program draws in Python: other numbers, alike at best.
                apart = 0.0 if diff.drawn_alike(wanted, found) else apart
                loosely.append(path)
            gap.compared += 1
            gap.note(path, apart, scale or 1.0)
    if not gap.compared:
        return diff.row("initial weights", INITIAL, None, note="no tied variable was seen before training")
    note = gap.where if not loosely else "%s; only spread and shape are compared for %s" % (gap.where, loosely[0])
    return diff.row("initial weights", INITIAL, gap.within(INITIAL), gap.absolute, gap.relative, note)


def lengths(one: Dict[str, Any], models: List[Model]) -> List[diff.Row]:
    """Steps of training, order of the training data, batches of an evaluation, examples predicted."""
    return [_training(one, models), _order(one, models), _evaluation(one, models), _predicted(one, models)]


def _training(one: Dict[str, Any], models: List[Model]) -> diff.Row:
    legacy = [Training(*given) for given in one["training"]]
    other = [model.training for model in models]
    same = alike(legacy, other)
    totals = [[side.total for side in sides if side.calls] for sides in (legacy, other)]
    note = "trained for %s steps, legacy %s" % (totals[1], totals[0])
    return diff.row("length", 0.0, same, note=note)


def _order(one: Dict[str, Any], models: List[Model]) -> diff.Row:
    known = of_mode(models, "train")
    legacy = one["train"]["shuffled"] if "train" in one else None
    found = known.seen["train"].shuffled if known is not None else None
    if legacy is None or found is None:
        return diff.row("order", 0.0, None, note="it cannot be seen whether both programs shuffle")
    said = {True: "shuffled", False: "not shuffled"}
    note = "training data %s, legacy %s" % (said[bool(found)], said[bool(legacy)])
    return diff.row("order", 0.0, bool(found) == bool(legacy), note=note)


def _evaluation(one: Dict[str, Any], models: List[Model]) -> diff.Row:
    legacy, found = [Evaluations(*given) for given in one["evaluations"]], [model.evaluations for model in models]
    said = tuple([one.said for evaluations in side for one in evaluations.lengths] for side in (found, legacy))
    return diff.row("length", 0.0, same_lengths(legacy, found), note="evaluations read %s batches, legacy %s" % said)


def _predicted(one: Dict[str, Any], models: List[Model]) -> diff.Row:
    legacy, found = _total(one["examples"]), _total([model.predicted for model in models])
    note = "%s examples predicted, legacy %s" % (found, legacy)
    return diff.row("length", 0.0, legacy == found if legacy and found else None, note=note)


def _total(numbers: List[Optional[int]]) -> Optional[int]:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
