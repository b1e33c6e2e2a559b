"""Finds inputs that a legacy model_fn takes: candidates are tried, and what it says about one gives the next.

The search is best first. How far a candidate gets is measured by the stage that it reaches (building and running each
mode) and by the operations that the graph has when it fails; the numbers and types that the error names come first
among the changes that are tried next.
"""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import heapq
import importlib
import re
import time
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy

from . import made_params, stand_ins
from .loose_modules import alarm
from .made_inputs import FLOATS, Inputs, Leaf, batch_of, leaf_for
from .program import OutOfTime

MODES = ("train", "eval", "infer")
ROWS = 6
MOST_TRIES, MOST_SECONDS, ONE_SECONDS = 150, 75.0, 30.0
MOST_REPEATED = 40  # times that the same is said at the same place
_IMAGES = ((28, 28, 1), (32, 32, 3), (64, 64, 3), (224, 224, 3))
_WIDTHS = (4, 784, 1, 10)
_LENGTHS = (10,)


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
                # What has just been learnt is followed first, unless the same was said before.
                told = (stopped.score, said(stopped.error))
                turn = self.tries if told in heard else -self.tries
                heard[told] = heard.get(told, 0) + 1
                if _hopeless(stopped.error) or heard[told] > MOST_REPEATED:
                    break
                for number, proposal in enumerate(self.proposals(stopped)):
                    if proposal.key() not in seen:
                        order = (-stopped.score[0], -stopped.score[1])
                        heapq.heappush(waiting, (order, 1000 * turn + number, self.pushed, proposal))
                        self.pushed += 1
        ended = "nothing was tried" if best is None else "%s: %s" % (type(best.error).__name__, _short(best.error))
        raise NotFound("no inputs were found in %d tries; the furthest ended with %s" % (self.tries, ended))

    def starts(self) -> Iterator[Inputs]:
        """The forms that features and labels may have, the likeliest first."""
        named = self.hints["parameters"]
        labelled = any(name in named for name in ("labels", "targets"))
        whole: Dict[str, Leaf] = {"": Leaf()}
        listed = {name: leaf_for(name, self.hints) for name in self.hints["leaves"]}
        forms: List[Dict[str, Leaf]] = [whole, {}] if self.hints["features"] == "tensor" else [{}, whole]
        labels = {_DICT: Leaf()} if self.hints["labels"] == "dict" else {"": Leaf("int64", ())}
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
                if _deliberate(stopped.error):
                    failures[mode] = "%s: %s" % (type(stopped.error).__name__, _short(stopped.error))
                    continue
                raise
        if not worked:
            error = ValueError("; ".join(sorted(set(failures.values()))))
            raise Stopped(error, (0, 0), inputs)
        for leaf in inputs.leaves().values():
            if leaf.shape is None:
                raise Stopped(ValueError("a shape is not known"), (6, 0), inputs)
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
                if _DICT in inputs.labels and mode != "infer":
                    labels = Features({}, trial, "labels")
                spec = self.estimator._call_model_fn(trial.side("features"), labels, mode, self.estimator.config)
                stage += 1
                known = refine(graph, trial)
                if known.key() != trial.inputs.key():
                    trial.inputs = known
                    trial.placeholders = {}
                    return self.one(known, mode, stage - 1)
                self.execute(trial, spec, mode)
        except (Exception, OutOfTime) as error:  # the boundary to the program's model_fn
            made = len(graph.get_operations()) - len(trial.placeholders)
            raise Stopped(error, (stage, made), trial.inputs, refine(graph, trial)) from error
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

    # ------------------------------------------------------------------------------------------------- proposals
    def proposals(self, stopped: Stopped) -> List[Inputs]:
        """What to try next, the likeliest first."""
        inputs, text = stopped.inputs, said(stopped.error)
        if stopped.better.key() != inputs.key():
            return [stopped.better]
        numbers = [int(n) for n in re.findall(r"(?<![\w.])\d+(?![\w.])", text) if 0 < int(n) <= 100000]
        found: List[Inputs] = []
        if not inputs.features:  # nothing was read by key
            shown = made_params.leaves_of(made_params.columns_in(self.estimator._params))
            self.hints["leaves"].update(shown)
            if shown:
                found.append(Inputs({name: leaf_for(name, self.hints) for name in shown}, inputs.labels))
            found.append(Inputs({"": Leaf()}, inputs.labels))
        if "" in inputs.labels and re.search("string indices|indices must be|Only integers, slices", text):
            found.append(Inputs(inputs.features, {_DICT: Leaf()}))
        if "" in inputs.features and re.search("Only integers, slices|has no attribute|not iterable", text):
            found.append(Inputs({}, inputs.labels))
        places = inputs.places()
        named = _dtypes(text)
        for place in _ordered(places, text):
            leaf = inputs.at(place)
            found += [inputs.but(place, leaf.but(dtype=dtype)) for dtype in named if dtype != leaf.dtype]
            found += [inputs.but(place, leaf.but(high=high)) for high in _bounds(text, leaf)]
            if "not finite" in text and leaf.dtype in FLOATS and not leaf.positive:
                found.append(inputs.but(place, leaf.but(positive=True)))
        shapes = self.shapes(text, numbers)
        for place in _ordered(places, text):
            leaf = inputs.at(place)
            for shape in self.near(leaf, text, numbers) + shapes:
                if shape != leaf.shape:
                    found.append(inputs.but(place, leaf.but(shape=shape)))
        for place in places:
            leaf = inputs.at(place)
            for dtype in ("float32", "int64", "int32", "string"):
                if dtype != leaf.dtype:
                    found.append(inputs.but(place, leaf.but(dtype=dtype)))
        return found

    def near(self, leaf: Leaf, text: str, numbers: List[int]) -> List[Tuple[int, ...]]:
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

    def shapes(self, text: str, numbers: List[int]) -> List[Tuple[int, ...]]:
        """Shapes of the rank that a message asks for, or of any, made of its numbers and of those in the code."""
        ranks = [int(n) - 1 for n in re.findall(r"ndim=(\d)|rank (\d) but", text) for n in n if n]
        sizes = [size for size in self.hints["sizes"] if size > 1]
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


_VALUE_KEEPING = ("Identity", "Cast", "ExpandDims", "Squeeze", "Reshape", "StopGradient", "Unique")
_SCALING = ("Add", "AddV2", "Div", "Mul", "RealDiv", "Sub")
_DICT = "\0dict"  # in place of a leaf: a dict whose keys are not known yet


def _plain(inputs: Inputs) -> Inputs:
    return Inputs(inputs.features, {name: leaf for name, leaf in inputs.labels.items() if name != _DICT})


def refine(graph: Any, trial: Trial) -> Inputs:
    """What the finished graph tells: constant target shapes, the depth of one_hot, table sizes, numbers of classes."""
    inputs = trial.inputs
    for full, placeholder in trial.placeholders.items():
        side, _, name = full.partition("/")
        place = ("features" if side == "0" else "labels", name)
        leaf = inputs.at(place)
        for op, tensor in _readers(placeholder):
            if op.type == "Reshape" and op.inputs[0] is tensor:
                target = _constant(op.inputs[1])
                if target is not None and len(target) and all(int(n) > 0 for n in target[1:]):
                    sizes = tuple(int(n) for n in target[1:])
                    if leaf.shape is None or _product(leaf.shape) % _product(sizes):
                        leaf = leaf.but(shape=sizes)
            bound = _bound(op, tensor)
            if bound and not leaf.choices and leaf.dtype not in FLOATS + ("string",) and bound < leaf.high:
                leaf = leaf.but(high=bound)
        if leaf.shape is None and place[0] == "labels":
            leaf = leaf.but(shape=())
        inputs = inputs.but(place, leaf)
    return inputs


def _readers(placeholder: Any) -> List[Tuple[Any, Any]]:
    """The operations that read a placeholder, through those that keep its values."""
    found: List[Tuple[Any, Any]] = []
    waiting, seen = [placeholder], set()
    while waiting:
        tensor = waiting.pop()
        for op in tensor.consumers():
            if op in seen:
                continue
            seen.add(op)
            found.append((op, tensor))
            plain = op.type in _VALUE_KEEPING and op.inputs[0] is tensor
            scaled = op.type in _SCALING and any(t.op.type == "Const" and t.shape.ndims == 0 for t in op.inputs)
            if plain or (scaled and tensor.dtype.is_floating):
                waiting.append(op.outputs[0])
    return found


def _bound(op: Any, tensor: Any) -> Optional[int]:
    """Whole numbers that an operation reads must lie below this; None: it does not say."""
    if op.type == "OneHot" and op.inputs[0] is tensor:
        depth = _constant(op.inputs[1])
        return int(depth) if depth is not None else None
    if op.type in ("GatherV2", "ResourceGather") and op.inputs[1] is tensor:
        shape = op.inputs[0].shape
        if op.type == "ResourceGather":
            held = getattr(op.inputs[0], "_handle_data", None)
            shape = importlib.import_module("tensorflow").TensorShape(held.shape_and_type[0].shape if held else None)
        return shape.as_list()[0] if shape.ndims else None
    if op.type == "SparseSoftmaxCrossEntropyWithLogits" and op.inputs[1] is tensor:
        shape = op.inputs[0].shape
        return shape.as_list()[-1] if shape.ndims else None
    return None


def _product(sizes: Tuple[int, ...]) -> int:
    return int(numpy.prod(sizes)) if sizes else 1


def _constant(tensor: Any) -> Any:
    util = importlib.import_module("tensorflow.python.framework.tensor_util")
    value = util.constant_value(tensor, partial=True) if tensor.op.type in ("Pack", "ConcatV2") else None
    value = util.constant_value(tensor) if value is None else value
    if value is not None and getattr(getattr(value, "dtype", None), "kind", "") == "O":
        value = [(-1 if number is None else number) for number in value]
    return value


def _ordered(places: List[Tuple[str, str]], text: str) -> List[Tuple[str, str]]:
    """Those that an error names first; labels first where it speaks of them."""
    about = "abel" in text
    return sorted(
        places, key=lambda place: (place[1] not in text if place[1] else True, (place[0] == "labels") != about)
    )


def _dtypes(text: str) -> List[str]:
    """The types that a message names, when it is about types."""
    if not re.search("[Tt]ype|requested|expected", text):
        return []
    found = re.findall(r"\b(float32|float64|int32|int64|uint8|bool|string)\b", text)
    return sorted(set(found), key=lambda name: ("allowed" in text and text.index(name) < text.index("allowed"), name))


def _bounds(text: str, leaf: Leaf) -> List[int]:
    """Smaller bounds of whole numbers that a message names."""
    if leaf.dtype in FLOATS + ("string",):
        return []
    found = [int(n) for n in re.findall(r"\[0, ?(\d+)\)", text)]
    return [bound for bound in found if 0 < bound < leaf.high]


def _deliberate(error: BaseException) -> bool:
    """Whether the program itself says that it does not do this mode."""
    return isinstance(error, NotImplementedError)


def _hopeless(error: BaseException) -> bool:
    """Whether no other inputs can mend this: names and modules that are missing."""
    missing = isinstance(error, KeyError) and str(error).strip("'") not in ("", "0")
    return (
        missing
        or isinstance(error, (NameError, ImportError, stand_ins.StandInUsed))
        or bool(re.search("StandIn|stand-in", str(error)))
    )


def said(error: BaseException) -> str:
    """What an error says, without the places in code that TensorFlow adds when a graph runs."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    nodes = [number for number, line in enumerate(lines) if line.startswith("Node: ")]
    if nodes:
        lines = lines[nodes[-1] + 1 :]
    kept = [
        line for line in lines if line and not line.startswith(("File ", "Original stack trace", "[[", "(0)", "(1)"))
    ]
    return "\n".join(kept[:12])


def _short(error: BaseException) -> str:
    return said(error).partition("\n")[0][:300]
