"""Rebuilds a legacy model_fn per mode from recorded batches and runs it: predictions, metrics, gradients, steps."""

# ruff: noqa: B905 -- zip() has no `strict` in Python 3.7

from __future__ import annotations

import importlib
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy

from . import batches as dealing
from . import curve
from .legacy_capture import Recorded
from .legacy_input import Batches
from .legacy_spy import Applied, Spy
from .legacy_weights import Weights, saved_name, shaken

STEPS, MOST_STEPS = 10, 30  # an epsilon hides behind accumulators that start at one, until these have decayed
KEPT = 24000000  # bytes; the variables of more than ten steps are not kept beyond these
SHAKEN = 6  # times that each step's gradients are taken again from weights off by rounding
STEP_ELSEWHERE = 7  # the global step at which EVAL and PREDICT run
PROBES = (0, 1, 7, 50, 123, 1000, 4321, 20000, 123456)  # global steps at which the learning rate is read
STRAINS = (3.0, 10.0)  # times the weights, in steps whose gradients are large enough to be clipped
JUMPS = (6, 8)  # steps before which the global step is moved on, when the rate depends on it
MANY = 4000000  # elements; tensors beyond this many in all are not kept as candidates


class Built(object):
    """One mode's graph: the placeholders by leaf name, the spec, and what the optimizers were given."""

    def __init__(self, graph: Any, feeds: Dict[str, Any], spec: Any, applied: List[Applied], step: Any) -> None:
        self.graph = graph
        self.feeds = feeds
        self.spec = spec
        self.applied = applied
        self.step = step

    def feed(self, batch: Dict[str, Any]) -> Dict[Any, Any]:
        return {placeholder: batch[name] for name, placeholder in self.feeds.items()}


def replay(tf: Any, spy: Spy, recorded: Recorded) -> Dict[str, Any]:
    """Everything the legacy side of the proof needs, as plain data. A mode that fails is told under `failures`."""
    weights = Weights(tf)
    found: Dict[str, Any] = {"failures": dict(recorded.failures)}
    for mode, run in (("train", _train), ("eval", _evaluate), ("infer", _predict)):
        if mode not in recorded.inputs:
            continue
        inputs = recorded.inputs[mode]
        inputs.asked = recorded.training.total
        try:
            built = build(tf, spy, recorded.estimator, mode, inputs)
            found[mode] = run(tf, built, inputs, weights)
            found[mode].update(structure=inputs.structure, first=inputs.batches[:3], weights=dict(weights.values))
            found[mode].update(shuffled=inputs.shuffled)
        except Exception as error:  # the boundary to the program's model_fn
            found["failures"][mode] = "%s: %s" % (type(error).__name__, str(error).strip()[:500])
    # Weights that an Estimator takes from a checkpoint are not those that the graph initialises.
    restored = getattr(recorded.estimator, "_warm_start_settings", None) is not None
    found["initial"] = {} if restored else weights.initial
    found["trainable"] = weights.trainable
    found["moving"] = weights.moving
    found["order"] = weights.order
    return found


def build(tf: Any, spy: Spy, estimator: Any, mode: str, inputs: Batches) -> Built:
    """Builds one mode's graph, its input replaced by placeholders of the recorded types and static shapes."""
    del spy.applied[:]
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(1)
        step = estimator._create_and_assert_global_step(graph)
        feeds = {}
        for name, value in inputs.batches[0].items():
            sparse = type(value).__name__ == "SparseTensorValue"
            make = tf.sparse_placeholder if sparse else tf.placeholder
            kind = numpy.asarray(value.values if sparse else value).dtype
            kind = tf.string if kind.kind in "OSU" else tf.as_dtype(kind)
            feeds[name] = make(kind, inputs.shapes[name], name="replayed_input")
        features, labels = dealing.pack(inputs.structure, feeds)
        spec = estimator._call_model_fn(features, labels, mode, estimator.config)
    return Built(graph, feeds, spec, list(spy.applied), step)


def _train(tf: Any, built: Built, inputs: Batches, weights: Weights) -> Dict[str, Any]:
    fed = dealing.deal(inputs.batches, inputs.shapes)
    with built.graph.as_default(), _session(tf, built) as session:
        weights.perturb(session, built)
        variables = weights.of(built)
        rates = [applied.rate for applied in built.applied]
        probes = []
        for step in PROBES:
            weights.load(session, built.step, step)
            loss, values = session.run([built.spec.loss, _tensors(tf, rates)], built.feed(fed[0]))
            probes.append({"step": step, "loss": loss, "rates": values})
        weights.load(session, built.step, 0)
        tensors = _tensors(tf, rates)

        def rates_at(step: int) -> Any:
            weights.load(session, built.step, step)
            return session.run(tensors, built.feed(fed[0]))

        rate_curve = curve.sample(rates_at, inputs.asked)
        weights.load(session, built.step, 0)
        moved_on = _jumps(built.applied, probes)
        gradients = [[(_gradient(g), saved_name(v)) for g, v in applied.pairs] for applied in built.applied]
        steps: List[Dict[str, Any]] = []
        before = session.run(variables)
        for number in range(_number_of_steps(before)):
            if number in moved_on:
                weights.load(session, built.step, moved_on[number])
            batch = fed[number % len(fed)]
            at = session.run(built.step)
            spread = []  # the gradients of the first step alone are compared
            if not steps:
                spread = _spread(session, weights, variables, before, _values_of(gradients), built.feed(batch))
            wanted = {"loss": built.spec.loss, "train_op": built.spec.train_op, "gradients": _values_of(gradients)}
            got = session.run(wanted, built.feed(batch))
            after = session.run(variables)
            steps.append(
                {
                    "batch": batch,
                    "global_step": (int(at), int(session.run(built.step))),
                    "loss": got["loss"],
                    "gradients": _name_gradients(gradients, got["gradients"]),
                    "shaken": [_name_gradients(gradients, values) for values in spread],
                    "before": before,
                    "after": after,
                }
            )
            before = after
        strained = []
        weights.load(session, built.step, 0)
        for strain in STRAINS:
            large = {name: value * value.dtype.type(strain) for name, value in steps[0]["before"].items()}
            weights.load_all(session, variables, large)
            at = session.run(_values_of(gradients), built.feed(fed[0]))
            spread = _spread(session, weights, variables, large, _values_of(gradients), built.feed(fed[0]))
            strained.append(
                {
                    "weights": large,
                    "gradients": _name_gradients(gradients, at),
                    "shaken": [_name_gradients(gradients, values) for values in spread],
                }
            )
    optimizers = [
        {"class": type(a.optimizer).__name__, "variables": [saved_name(v) for _, v in a.pairs]} for a in built.applied
    ]
    found = {"steps": steps, "probes": probes, "strained": strained, "optimizers": optimizers}
    return {**found, "curve": rate_curve}


def _spread(
    session: Any,
    weights: Weights,
    variables: Dict[str, Any],
    before: Dict[str, Any],
    gradients: Any,
    feed: Dict[Any, Any],
) -> List[Any]:
    """The gradients again from weights that are off by rounding alone.

    Where a unit is about to switch on or off they jump: there two right programs may differ as much.
    """
    draws = SHAKEN if sum(value.size for value in before.values()) <= MANY else 1
    found = []
    for number in range(draws):
        weights.load_all(session, variables, shaken(before, number))
        found.append(session.run(gradients, feed))
    weights.load_all(session, variables, before)
    return found


def _evaluate(tf: Any, built: Built, inputs: Batches, weights: Weights) -> Dict[str, Any]:
    module = importlib.import_module("tensorflow_estimator.python.estimator.estimator")
    fed = dealing.with_partial(inputs.batches, inputs.shapes)
    with built.graph.as_default():
        metrics = module._verify_and_create_loss_metric(built.spec.eval_metric_ops, built.spec.loss)
        update, values = module._extract_metric_update_ops(metrics)
        with _session(tf, built) as session:
            weights.perturb(session, built)
            weights.load(session, built.step, STEP_ELSEWHERE)
            start = session.run(values)
            losses = []
            for batch in fed:
                losses.append(session.run([built.spec.loss, update], built.feed(batch))[0])
            result = session.run(values)
            result["global_step"] = session.run(built.step)
            candidates = _candidates(tf, built, session, fed[0], built.spec.loss)
    return {"batches": fed, "losses": losses, "metrics": result, "fresh": start, "candidates": candidates}


def _predict(tf: Any, built: Built, inputs: Batches, weights: Weights) -> Dict[str, Any]:
    fed = dealing.with_partial(inputs.batches, inputs.shapes)
    with built.graph.as_default(), _session(tf, built) as session:
        weights.perturb(session, built)
        weights.load(session, built.step, STEP_ELSEWHERE)
        predictions = [session.run(built.spec.predictions, built.feed(batch)) for batch in fed]
        candidates = _candidates(tf, built, session, fed[0], built.spec.predictions)
    return {"batches": fed, "predictions": predictions, "candidates": candidates}


def _session(tf: Any, built: Built) -> Any:
    session = tf.Session(graph=built.graph, config=tf.ConfigProto(allow_soft_placement=True))
    scaffold = built.spec.scaffold
    if scaffold is not None and scaffold.init_op is not None:
        session.run(scaffold.init_op, scaffold.init_feed_dict)
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer(), tf.tables_initializer()])
    if scaffold is not None and scaffold.init_fn is not None:
        scaffold.init_fn(session)
    return session


def _number_of_steps(variables: Dict[str, Any]) -> int:
    """More than ten steps where the model is small: each keeps the variables before and after it, and gradients."""
    size = 3 * sum(value.nbytes for value in variables.values() if hasattr(value, "nbytes"))
    return int(min(MOST_STEPS, max(STEPS, KEPT // max(1, size))))


def _jumps(applied: List[Applied], probes: List[Dict[str, Any]]) -> Dict[int, int]:
    """Where to move the global step on, so that a rate that depends on it changes in the middle of the steps.

    Not for Adam and its kin: Keras counts their bias correction by the same counter, so that it would jump too.
    """
    if any("adam" in type(a.optimizer).__name__.lower() for a in applied):
        return {}
    first = probes[0]["rates"]
    elsewhere = [probe["step"] for probe in probes if probe["rates"] != first and probe["step"] > STEPS]
    return dict(zip(JUMPS, elsewhere))


def _tensors(tf: Any, values: List[Any]) -> List[Any]:
    return [tf.convert_to_tensor(float("nan") if value is None else value) for value in values]


def _gradient(gradient: Any) -> Any:
    return (gradient.indices, gradient.values) if hasattr(gradient, "indices") else gradient


def _values_of(gradients: List[List[Tuple[Any, str]]]) -> List[List[Any]]:
    return [[gradient for gradient, _ in pairs] for pairs in gradients]


def _name_gradients(gradients: List[List[Tuple[Any, str]]], values: List[List[Any]]) -> List[Dict[str, Any]]:
    """Per optimizer: variable name -> ("dense", array) or ("sparse", indices, values)."""
    named = []
    for pairs, found in zip(gradients, values):
        one = {}
        for (_, name), value in zip(pairs, found):
            sparse = isinstance(value, (tuple, list))
            one[name] = ("sparse", value[0], value[1]) if sparse else ("dense", value)
        named.append(one)
    return named


def _candidates(tf: Any, built: Built, session: Any, batch: Dict[str, Any], goal: Any) -> Dict[str, Any]:
    """Float tensors by name, among which must be what the Keras model's call returns.

    First those on the way to `goal`, then what else is computed from the batch: a part of the network that only
    another mode needs.
    """
    nest = importlib.import_module("tensorflow.python.util.nest")
    found: Dict[str, Any] = {}
    waiting = [tensor.op for tensor in nest.flatten(goal) if hasattr(tensor, "op")]
    seen = set()
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        waiting.extend(tensor.op for tensor in op.inputs)
        found.update(_fractions(tf, built, op))
    behind = set(found)
    for op in _fed(built):
        if op not in seen:
            found.update(_fractions(tf, built, op))
    feed = built.feed(batch)
    try:
        values = session.run(found, feed)
    except Exception:  # one that cannot be read (a dead branch) spoils all: one by one then
        values = {name: _fetch(session, tensor, feed) for name, tensor in found.items()}
    kept: Dict[str, Any] = {}
    for name in sorted(values, key=lambda name: (name not in behind, name)):
        if values[name] is not None and sum(value.size for value in kept.values()) + values[name].size <= MANY:
            kept[name] = values[name]
    return kept


def _fractions(tf: Any, built: Built, op: Any) -> Dict[str, Any]:
    """The float tensors that an operation gives; what is inside a loop has no value of its own."""
    if op._get_control_flow_context() is not None:
        return {}
    tensors = [tensor for tensor in op.outputs if tensor.dtype in (tf.float32, tf.float64) and tensor.shape.ndims != 0]
    return {tensor.name: tensor for tensor in tensors if built.graph.is_fetchable(tensor)}


def _fed(built: Built) -> Iterator[Any]:
    """The operations that follow from what is fed, up to those that change a variable."""
    waiting = [placeholder.op for placeholder in built.feeds.values() if hasattr(placeholder, "op")]
    seen = set()
    while waiting:
        op = waiting.pop()
        if op in seen or "Assign" in op.type or "Scatter" in op.type or "Apply" in op.type:
            continue
        seen.add(op)
        waiting.extend(consumer for tensor in op.outputs for consumer in tensor.consumers())
        yield op


def _fetch(session: Any, tensor: Any, feed: Dict[Any, Any]) -> Optional[Any]:
    try:
        return numpy.asarray(session.run(tensor, feed))
    except Exception:  # a tensor that cannot be read (a dead branch) is no candidate
        return None
