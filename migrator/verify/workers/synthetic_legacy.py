"""The legacy side of a proof without a program to run: the model_fn is called on made-up inputs, recorded, replayed."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import os
import pickle
import sys
import tempfile
from typing import Any, Dict, List, Tuple

from . import (
    data_order,
    learn,
    learn_canned,
    loose_modules,
    made_inputs,
    made_params,
    randomness,
    shim,
    shown_params,
    stand_ins,
    trials,
)
from .extent import Extent

TRAIN_BATCHES, OTHER_BATCHES = 12, 4


class NotRun(Exception):
    """The model_fn cannot be called; the message says why."""


def main(request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs the job: what is too big for JSON goes into the pickle file `data`, the rest is the answer."""
    importlib.import_module("tensorflow")
    randomness.install()
    tf = shim.install()
    tf.enable_resource_variables()  # reference variables may be read after they were updated in the same step
    data_order.install()
    learn_canned.install(tf, request["root"])
    from . import legacy_capture, legacy_replay, legacy_spy

    root, hints = request["root"], request["hints"]
    capture = legacy_capture.Capture(root)
    legacy_capture.install(tf, capture)
    spy = legacy_spy.install(tf)
    absent = stand_ins.install(root)
    loose = start(root, hints["legacy"]["path"])
    answer: Dict[str, Any] = {
        "versions": {"tensorflow": importlib.import_module("tensorflow.python.framework.versions").__version__}
    }
    try:
        module = loose_modules.load(root, hints["legacy"]["path"])
        model_fn, params = find(root, module, hints, capture)
        capture.depth = 1  # from here on nothing is the program's own call
        estimator = estimator_of(tf, model_fn, params, hints["construction"])
        found = trials.Search(tf, estimator, hints).find()
        recorded = legacy_capture.Recorded(estimator, model_fn, ("", 0))
        recorded.inputs = recorded_inputs(found)
        recorded.failures.update(found.failures)
        model = legacy_replay.replay(tf, spy, recorded)
        model.update(model_fn=_place(hints), params="", site=("", 0), calls=[], signatures=[])
        model.update(training=(0, None), evaluations=([], 0), examples=[])
        if not any(mode in model for mode in trials.MODES):
            raise NotRun("; ".join(sorted(set(model["failures"].values()))))
        answer["arguments"] = arguments_of(model_fn, params)
    except (NotRun, trials.NotFound, ImportError) as error:
        first = next(iter(loose.failures), None)
        because = "; in loading it: %s" % first if first is not None else ""
        return dict(answer, not_run="%s%s" % (str(error)[:600], because), stand_ins=sorted(absent.names))
    with open(request["data"], "wb") as stream:
        pickle.dump({"models": [model], "inputs": given_of(found)}, stream, protocol=4)
    guessed = getattr(estimator._params, "guessed", {}) if params is not None else {}
    answer.update(inputs=str(found.inputs), guessed={str(k): repr(v) for k, v in guessed.items()}, tries=found.tries)
    answer.update(modes=[mode for mode in trials.MODES if mode in model], stand_ins=sorted(absent.names))
    return answer


def start(root: str, path: str) -> loose_modules.Loose:
    """The process as the program would find it: its folder, its arguments, its flags at their defaults."""
    os.chdir(root)
    sys.argv = [os.path.join(root, path)]
    with contextlib.suppress(ImportError):  # then the program has no such flags either
        importlib.import_module("absl.flags").FLAGS.mark_as_parsed()
    return loose_modules.install(root)


def _place(hints: Dict[str, Any]) -> Tuple[str, int, str]:
    legacy = hints["legacy"]
    return legacy["path"], legacy["line"], legacy["name"]


def find(root: str, module: Any, hints: Dict[str, Any], capture: Any) -> Tuple[Any, Any]:
    """The model_fn as a callable, and the parameters to give it (None: it takes none)."""
    place = _place(hints)
    model_fn, params = None, None
    for recorded in capture.recorded:  # made while the file was loaded
        if is_place(recorded.model_fn, root, place):
            model_fn, params = recorded.model_fn, getattr(recorded.estimator, "_params", None)
    construction = hints["construction"]
    if model_fn is None and construction is not None:
        other = module if construction["path"] == place[0] else loose_modules.load(root, construction["path"])
        shown = shown_params.shown(other, construction)
        if is_place(shown.model_fn, root, place):
            model_fn = shown.model_fn
        params = shown.params
    if model_fn is None:
        model_fn = by_name(module, hints["outer"], place)
    if model_fn is None:
        raise NotRun("the model_fn %s cannot be reached from its file" % place[2])
    params = made_params.without_empty_columns(params)
    if isinstance(params, dict) or params is None:
        params = made_params.Params(params or {}, defaults=hints["defaults"])
    return model_fn, params


def is_place(function: Any, root: str, place: Tuple[str, int, str]) -> bool:
    """Whether a callable is the function there."""
    from .legacy_job import locate

    if function is None:
        return False
    path, line, name = locate(function, root)
    return path == place[0] and name == place[2] and abs(line - place[1]) <= 5


def by_name(module: Any, outer: List[List[str]], place: Tuple[str, int, str]) -> Any:
    """The function, where it stands at the top of its file or in a class that can be made without arguments."""
    here: Any = module
    for kind, name in outer or []:
        here = getattr(here, name, None)
        if here is None:
            return None
        if kind == "def":
            return None
    found = getattr(here, place[2], None)
    if inspect.isclass(here) and inspect.isfunction(found) and not isinstance(vars(here)[place[2]], staticmethod):
        try:
            return getattr(here(*shown_params.guessed_arguments(here)), place[2])
        except Exception as error:  # the boundary to code that is not ours
            raise NotRun("an object of the class %s cannot be made: %s" % (here.__name__, error)) from error
    return found


def estimator_of(tf: Any, model_fn: Any, params: Any, construction: Any = None) -> Any:
    """An Estimator of the model_fn, in a folder of its own."""
    takes = list(inspect.signature(model_fn).parameters)
    folder = tempfile.mkdtemp(prefix="made-up-")
    if "features" not in takes:
        raise NotRun("the model_fn takes no features")
    cls = tf.estimator.Estimator
    if "TPU" in (construction or {}).get("kind", ""):
        model_fn = _without_tpu(model_fn)
    if "targets" in takes or "learn" in (construction or {}).get("kind", ""):
        cls = learn.estimator_class(tf)
    try:
        estimator = cls(model_fn, model_dir=folder)
    except Exception as error:  # the boundary to the program's model_fn
        raise NotRun("an Estimator does not take it: %s" % error) from error
    estimator._params = params if "params" in takes else {}
    return estimator


def _without_tpu(model_fn: Any) -> Any:
    """The model_fn with a plain spec in place of a TPU's, as TPUEstimator makes one on other machines."""

    @functools.wraps(model_fn)
    def called(*arguments: Any, **options: Any) -> Any:
        spec = model_fn(*arguments, **options)
        return spec.as_estimator_spec() if hasattr(spec, "as_estimator_spec") else spec

    called.__signature__ = inspect.signature(model_fn)  # type: ignore[attr-defined]
    return called


def arguments_of(model_fn: Any, params: Any) -> Dict[str, Any]:
    """What the migrated program's builder is given, by name, as plain data."""
    found: Dict[str, Any] = {}
    inner = model_fn
    while hasattr(inner, "func") and hasattr(inner, "keywords"):
        for name, value in inner.keywords.items():
            try:
                found.setdefault(name, made_params.portable(value))
            except TypeError as error:
                raise NotRun("the argument %s: %s" % (name, error)) from error
        inner = inner.func
    try:
        found["params"] = made_params.portable(params)
    except TypeError as error:
        raise NotRun("the parameters: %s" % error) from error
    return found


def recorded_inputs(found: trials.Found) -> Dict[str, Any]:
    """The made-up batches as if they had been recorded."""
    from .legacy_input import Batches

    inputs = {}
    for mode in trials.MODES:
        if mode in found.failures:
            continue
        labelled = mode != "infer"
        leaves = found.inputs.leaves(labelled)
        count = TRAIN_BATCHES if mode == "train" else OTHER_BATCHES
        first = {"train": 0, "eval": 20, "infer": 30}[mode]
        batches = [made_inputs.batch_of(leaves, trials.ROWS, first + number) for number in range(count)]
        shapes = {name: [None] + list(leaf.shape or ()) for name, leaf in leaves.items()}
        inputs[mode] = Batches(found.inputs.structure(labelled), shapes, batches, Extent(count, False), False)
    return inputs


def given_of(found: trials.Found) -> Dict[str, Any]:
    """Mode -> (structure, batches), for the other side."""
    return {mode: (one.structure, one.batches[:3]) for mode, one in recorded_inputs(found).items()}
