"""Finds inputs that a legacy model_fn takes: candidates are tried, and what it says about one gives the next.

The search is best first. How far a candidate gets is measured by the stage that it reaches (building and running each
mode) and by the operations that the graph has when it fails; the numbers and types that the error names come first
among the changes that are tried next.
"""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import heapq
import time
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy

from . import clues, made_params, proposals
from .loose_modules import alarm
from .made_inputs import DICT, Inputs, Leaf, batch_of, leaf_for
from .program import OutOfTime

MODES = ("train", "eval", "infer")
ROWS = 6
MOST_TRIES, MOST_SECONDS, ONE_SECONDS = 150, 75.0, 30.0
MOST_REPEATED = 40  # times that the same is said at the same place


class Stopped(Exception):
    """A candidate failed; `error` says how, `score` how far it got."""

    def __init__(
        self, error: BaseException, score: Tuple[int, int], inputs: Inputs, better: Optional[Inputs] = None
    ) -> None:
        super(Stopped, self).__init__(str(error))
        self.error = error
        self.score = score
        self.inputs = inputs  # with the leaves that were found on the way
        self.better = better or inputs  # with what the unfinished graph tells of them


class Found(object):
    """Inputs that work, the modes that work with them, and why the others do not."""

    def __init__(self, inputs: Inputs, failures: Dict[str, str], tries: int) -> None:
        self.inputs = inputs
        self.failures = failures
        self.tries = tries


class NotFound(Exception):
    """No candidate worked; the message says how far the best one got."""


class Features(dict):  # type: ignore[type-arg]
    """A dict of features that makes a leaf for every key that is read."""

    def __init__(self, tensors: Any = (), trial: Optional["Trial"] = None, side: str = "") -> None:
        super(Features, self).__init__(tensors)
        self.trial = trial  # None in a copy that a library made
        self.side = side

    def __missing__(self, key: Any) -> Any:
        if not isinstance(key, str) or self.trial is None:
            raise KeyError(key)
        self[key] = self.trial.placeholder(self.side, key)
        return self[key]

    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if isinstance(key, str) and (key in self or default is None) else dict.get(self, key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        if isinstance(key, str) and not default:
            self[key]
        return dict.pop(self, key, *default)

    def copy(self) -> "Features":
        return Features(self, self.trial, self.side)


class Trial(object):
    """One candidate, in one mode: its placeholders, and the leaves that the model_fn asked for besides."""

    def __init__(self, tf: Any, hints: Dict[str, Any], inputs: Inputs) -> None:
        self.tf = tf
        self.hints = hints
        self.inputs = inputs
        self.placeholders: Dict[str, Any] = {}

    def placeholder(self, side: str, name: str) -> Any:
        leaves: Dict[str, Leaf] = getattr(self.inputs, side)
        if name not in leaves:
            leaf = leaf_for(name, self.hints, side == "labels")
            self.inputs = self.inputs.but((side, name), leaf)
            leaves = getattr(self.inputs, side)
        leaf = leaves[name]
        shape = None if leaf.shape is None else (None,) + tuple(leaf.shape)
        full = ("%d/%s" % (0 if side == "features" else 1, name)).rstrip("/")
        with self.tf.get_default_graph().control_dependencies(None):
            self.placeholders[full] = self.tf.placeholder(leaf.dtype, shape, name="made_up_input")
        return self.placeholders[full]

    def side(self, side: str) -> Any:
        leaves = getattr(self.inputs, side)
        if "" in leaves:
            return self.placeholder(side, "")
        if side == "labels" and not leaves:
            return None
        return Features({name: self.placeholder(side, name) for name in list(leaves)}, self, side)


class Search(object):
    """The search for one model_fn."""

    def __init__(self, tf: Any, estimator: Any, hints: Dict[str, Any]) -> None:
        self.tf = tf
        self.estimator = estimator
        self.hints = hints
        self.tries = 0
        self.pushed = 0

    def find(self) -> Found:
        """Inputs for all the modes that can work. Raises NotFound."""
        deadline = time.time() + MOST_SECONDS
        waiting: List[Any] = []
        seen = set()
        best: Optional[Stopped] = None
        heard: Dict[Any, int] = {}
        for number, start in enumerate(self.starts()):
            heapq.heappush(waiting, ((0, 0), number, self.pushed, start))
            self.pushed += 1
        while waiting and self.tries < MOST_TRIES and time.time() < deadline:
            inputs = heapq.heappop(waiting)[-1]
            if inputs.key() in seen:
                continue
            seen.add(inputs.key())
            self.tries += 1
            try:
                return self.whole(inputs)
            except Stopped as stopped:
                if best is None or stopped.score > best.score:
                    best = stopped
                params = self.estimator._params
                if isinstance(params, made_params.Params) and params.regret(clues.said(stopped.error)):
                    seen.discard(inputs.key())
                    heapq.heappush(waiting, ((-9, 0), 0, self.pushed, inputs))
                    self.pushed += 1
                    continue
                # What has just been learnt is followed first, unless the same was said before.
                told = (stopped.score, clues.said(stopped.error))
                turn = self.tries if told in heard else -self.tries
                heard[told] = heard.get(told, 0) + 1
                self.stop_at_lacking(stopped.error)
                if (clues.hopeless(stopped.error) and stopped.score[0] < 2) or heard[told] > MOST_REPEATED:
                    break
                for number, proposal in enumerate(self.proposals(stopped)):
                    if proposal.key() not in seen:
                        order = (-stopped.score[0], -stopped.score[1])
                        heapq.heappush(waiting, (order, 1000 * turn + number, self.pushed, proposal))
                        self.pushed += 1
        if best is not None and best.score[0] >= 2:
            return self.partly(best.inputs)
        ended = "nothing was tried" if best is None else "%s: %s" % (type(best.error).__name__, clues.short(best.error))
        raise NotFound("no inputs were found in %d tries; the furthest ended with %s" % (self.tries, ended))

    def stop_at_lacking(self, error: BaseException) -> None:
        """Raises NotFound for a parameter that no value is known for: the migrated model would miss it too."""
        lacking = getattr(self.estimator._params, "lacking", []) if self.estimator._params is not None else []
        for name in lacking if isinstance(error, (KeyError, AttributeError)) else ():
            if name in str(error):
                raise NotFound("the code shows no value of the parameter %r, and its name tells none" % name)

    def starts(self) -> Iterator[Inputs]:
        """The forms that features and labels may have, the likeliest first."""
        named = self.hints["parameters"]
        labelled = any(name in named for name in ("labels", "targets"))
        whole: Dict[str, Leaf] = {"": Leaf()}
        listed = {name: leaf_for(name, self.hints) for name in self.hints["leaves"]}
        forms: List[Dict[str, Leaf]] = [whole, {}] if self.hints["features"] == "tensor" else [{}, whole]
        labels = {DICT: Leaf()} if self.hints["labels"] == "dict" else {"": Leaf("int64", ())}
        for features in forms + ([listed] if listed else []):
            yield Inputs(dict(features), labels if labelled else {})

    def whole(self, inputs: Inputs) -> Found:
        """Builds and runs all modes. TRAIN must work, or if the model_fn has none, another one must."""
        failures: Dict[str, str] = {}
        worked = False
        for number, mode in enumerate(MODES):
            try:
                inputs = self.one(inputs, mode, 2 * number)
                worked = True
            except Stopped as stopped:
                inputs = stopped.inputs
                if clues.deliberate(stopped.error):
                    failures[mode] = "%s: %s" % (type(stopped.error).__name__, clues.short(stopped.error))
                    continue
                raise
        if not worked:
            error = ValueError("; ".join(sorted(set(failures.values()))))
            raise Stopped(error, (0, 0), inputs)
        for leaf in inputs.leaves().values():
            if leaf.shape is None:
                raise Stopped(ValueError("a shape is not known"), (6, 0), inputs)
        return Found(inputs, failures, self.tries)

    def partly(self, inputs: Inputs) -> Found:
        """Inputs that TRAIN takes; what another mode says against them is told."""
        failures: Dict[str, str] = {}
        for mode in MODES:
            try:
                inputs = self.one(inputs, mode, 0)
            except Stopped as stopped:
                self.stop_at_lacking(stopped.error)
                failures[mode] = "%s: %s" % (type(stopped.error).__name__, clues.short(stopped.error))
        if "train" in failures:
            raise NotFound("the inputs that were found work no second time: %s" % failures["train"])
        return Found(inputs, failures, self.tries)

    def one(self, inputs: Inputs, mode: str, stage: int) -> Inputs:
        """Builds and runs one mode; the inputs with the leaves that it asked for, or Stopped."""
        tf = self.tf
        trial = Trial(tf, self.hints, _plain(inputs))
        graph = tf.Graph()
        restore = alarm(ONE_SECONDS)
        try:
            with graph.as_default():
                tf.set_random_seed(1)
                self.estimator._create_and_assert_global_step(graph)
                labels = trial.side("labels") if mode != "infer" else None
                if DICT in inputs.labels and mode != "infer":
                    labels = Features({}, trial, "labels")
                spec = self.estimator._call_model_fn(trial.side("features"), labels, mode, self.estimator.config)
                stage += 1
                known = clues.refine(graph, trial, whole=True)
                if known.key() != trial.inputs.key():
                    trial.inputs = known
                    trial.placeholders = {}
                    return self.one(known, mode, stage - 1)
                self.execute(trial, spec, mode)
        except (Exception, OutOfTime) as error:  # the boundary to the program's model_fn
            made = len(graph.get_operations()) - len(trial.placeholders)
            raise Stopped(error, (stage, made), trial.inputs, clues.refine(graph, trial)) from error
        finally:
            restore()
        return trial.inputs

    def execute(self, trial: Trial, spec: Any, mode: str) -> None:
        """Runs what the replay will run, on two batches; numbers that are not finite are an error."""
        tf = self.tf
        missing = [name for name, leaf in trial.inputs.leaves().items() if leaf.shape is None]
        if missing:
            raise ValueError("the shape of %s is unknown" % missing[0])
        wanted: Dict[str, Any] = {}
        if mode == "infer":
            wanted["predictions"] = spec.predictions
        else:
            wanted["loss"] = spec.loss
            if mode == "eval" and spec.eval_metric_ops:
                wanted["metrics"] = {name: pair[1] for name, pair in spec.eval_metric_ops.items()}
            if mode == "train":
                wanted["train_op"] = spec.train_op
        with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
            scaffold = spec.scaffold
            if scaffold is not None and scaffold.init_op is not None:
                session.run(scaffold.init_op, scaffold.init_feed_dict)
            session.run([tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer()])
            for number in range(2):
                batch = batch_of(trial.inputs.leaves(), ROWS, number)
                feed = {trial.placeholders[name]: batch[name] for name in trial.placeholders}
                got = session.run(wanted, feed)
                loss = got.get("loss")
                if loss is not None and not numpy.isfinite(loss):
                    raise ValueError("the loss is not finite")

    def proposals(self, stopped: Stopped) -> List[Inputs]:
        """What to try next: what the graph tells surely, else what may help."""
        if stopped.better.key() != stopped.inputs.key():
            return [stopped.better]
        return proposals.after(stopped.error, stopped.inputs, self.hints, self.estimator._params)


def _plain(inputs: Inputs) -> Inputs:
    return Inputs(inputs.features, {name: leaf for name, leaf in inputs.labels.items() if name != DICT})
