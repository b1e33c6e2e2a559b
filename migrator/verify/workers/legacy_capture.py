"""Records what a legacy program does with its Estimators, while it runs on with every call cut short.

train, evaluate, predict and export are replaced on the classes that define them. The first call of each kind keeps
the batches that its input function yields; later calls are shortened, and repeated ones are not run again.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import itertools
import os
import sys
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from .extent import Evaluations, Length, Training
from .legacy_input import Batches, record_batches

TRAIN_BATCHES, OTHER_BATCHES = 12, 4
REAL_STEPS, REAL_CALLS, REAL_EXAMPLES = 2, 2, 256
MODES = {"train": "train", "evaluate": "eval", "predict": "infer"}


class Recorded(object):
    """One Estimator of the program: where its model_fn is, and the input seen in each mode."""

    def __init__(self, estimator: Any, model_fn: Any, site: Tuple[str, int]) -> None:
        self.estimator = estimator
        self.model_fn = model_fn
        self.site = site
        self.inputs: Dict[str, Batches] = {}
        self.exports: List[str] = []
        self.calls: List[str] = []
        self.failures: Dict[str, str] = {}
        self.last: Dict[str, Any] = {}
        self.training = Training()
        self.evaluations = Evaluations()
        self.examples: List[Optional[int]] = []  # per call of predict; None: not read to their end


class Capture(object):
    """The Estimators of one program, in the order in which they were made."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.recorded: List[Recorded] = []
        self.depth = 0

    def of(self, estimator: Any) -> Recorded:
        for recorded in self.recorded:
            if recorded.estimator is estimator:
                return recorded
        recorded = Recorded(estimator, getattr(estimator, "_model_fn", None), ("", 0))
        self.recorded.append(recorded)
        return recorded


def install(tf: Any, capture: Capture) -> None:
    """Replaces the Estimator methods. Must come before the program's imports."""
    module = importlib.import_module("tensorflow_estimator.python.estimator.estimator")
    classes = [module.Estimator, module.EstimatorV2]
    with contextlib.suppress(ImportError):  # a build without TPU support
        classes.append(importlib.import_module("tensorflow_estimator.python.estimator.tpu.tpu_estimator").TPUEstimator)
    owners: List[Any] = []
    for cls in classes:
        owners.extend(owner for owner in inspect.getmro(cls) if owner is not object and owner not in owners)
    wrappers: Dict[str, Callable[..., Any]] = {
        "__init__": _wrap_init,
        "train": _wrap_train,
        "evaluate": _wrap_evaluate,
        "predict": _wrap_predict,
        "export_saved_model": _wrap_export,
        "export_savedmodel": _wrap_export,
    }
    for owner in owners:
        for name, wrap in wrappers.items():
            if name in vars(owner):
                setattr(owner, name, _once(capture, wrap(tf, capture, vars(owner)[name]), vars(owner)[name]))
    _keep_inside(module, capture.root)
    training = importlib.import_module("tensorflow_estimator.python.estimator.training")
    training.train_and_evaluate = _train_and_evaluate  # type: ignore[attr-defined]
    for place in (tf.estimator, getattr(getattr(tf, "compat", None), "v1", tf).estimator):
        place.train_and_evaluate = _train_and_evaluate


def watch(tf: Any, capture: Capture) -> None:
    """Only notes which Estimators are made and trained, and how far; every call runs in full."""
    module = importlib.import_module("tensorflow_estimator.python.estimator.estimator")
    _keep_inside(module, capture.root)
    plain_train = module.Estimator.train

    def train(self: Any, *arguments: Any, **options: Any) -> Any:
        recorded = capture.of(self)
        recorded.calls.append("train")
        trained = plain_train(self, *arguments, **options)
        # Now: a folder that Estimators share tells later how far the last of them came.
        recorded.last["step"] = self.get_variable_value("global_step")
        return trained

    for owner in inspect.getmro(module.Estimator):
        if "train" in vars(owner):
            owner.train = train  # type: ignore[attr-defined]
            break


def _once(capture: Capture, wrapped: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """The outermost call is recorded; a method that calls its base class's is one call, not two."""

    @functools.wraps(original)
    def method(self: Any, *arguments: Any, **options: Any) -> Any:
        if capture.depth:
            return original(self, *arguments, **options)
        capture.depth += 1
        try:
            return wrapped(self, *arguments, **options)
        finally:
            capture.depth -= 1

    return method


def _wrap_init(tf: Any, capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    def init(self: Any, *arguments: Any, **options: Any) -> None:
        site = _calling_line(capture.root)
        original(self, *arguments, **options)
        model_fn = options.get("model_fn", arguments[0] if arguments and callable(arguments[0]) else None)
        capture.recorded.append(Recorded(self, model_fn or getattr(self, "_model_fn", None), site))

    return init


def _wrap_train(tf: Any, capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    def train(self: Any, input_fn: Any, *arguments: Any, **options: Any) -> Any:
        given = _bound(original, self, input_fn, arguments, options)
        ran = _see(tf, capture, self, "train", input_fn, TRAIN_BATCHES)
        _note_training(capture, capture.of(self), given)
        if ran:
            steps = given.pop("max_steps", None) or given.get("steps") or REAL_STEPS
            given["steps"] = min(REAL_STEPS, steps)
            original(self, **given)
        return self

    return train


def _wrap_evaluate(tf: Any, capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(self: Any, input_fn: Any, *arguments: Any, **options: Any) -> Any:
        given = _bound(original, self, input_fn, arguments, options)
        recorded = capture.of(self)
        ran = _see(tf, capture, self, "evaluate", input_fn, OTHER_BATCHES)
        _note_evaluation(tf, recorded, input_fn, given.get("steps"))
        if ran:
            given["steps"] = min(REAL_STEPS, given.get("steps") or REAL_STEPS)
            recorded.last["evaluate"] = original(self, **given)
        return dict(recorded.last.get("evaluate") or {})

    return evaluate


def _wrap_predict(tf: Any, capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    def predict(self: Any, input_fn: Any, *arguments: Any, **options: Any) -> Any:
        given = _bound(original, self, input_fn, arguments, options)
        _see(tf, capture, self, "predict", input_fn, OTHER_BATCHES)
        recorded = capture.of(self)
        examples = _within(capture, original(self, **given))
        if given.get("yield_single_examples", True):
            return _some(recorded, examples)
        recorded.examples.append(None)
        return itertools.islice(examples, REAL_EXAMPLES)

    return predict


def _within(capture: Capture, examples: Iterator[Any]) -> Iterator[Any]:
    """The same examples: what a generator calls when it is read belongs to the call that made it."""
    while True:
        capture.depth += 1
        try:
            example = next(examples, capture)
        finally:
            capture.depth -= 1
        if example is capture:
            return
        yield example


def _note_training(capture: Capture, recorded: Recorded, given: Dict[str, Any]) -> None:
    folder = recorded.estimator.model_dir
    others = [one for one in capture.recorded if one is not recorded and one.estimator.model_dir == folder]
    trained = [one.training for one in others if one.training.calls]
    if trained:  # an Estimator goes on where another left their folder
        totals = [training.total for training in trained]
        recorded.training.go_on_from(None if None in totals else max(filter(None, totals), default=0))
    inputs = recorded.inputs.get("train")
    if inputs is None or any("StopAt" in type(hook).__name__ for hook in given.get("hooks") or ()):
        recorded.training.add(None)
    elif given.get("max_steps") is not None:
        recorded.training.add(None, inputs.extent.cut(given["max_steps"]))
    else:
        recorded.training.add(inputs.extent.cut(given.get("steps")))


def _note_evaluation(tf: Any, recorded: Recorded, input_fn: Any, steps: Optional[int]) -> None:
    recorded.evaluations.calls += 1
    if not recorded.evaluations.counts:
        return
    inputs = recorded.inputs.get("eval")
    if recorded.evaluations.lengths and inputs is not None:
        try:
            inputs = record_batches(tf, recorded.estimator, input_fn, "eval", 1)
        except Exception:  # the boundary to the program's input function, which may work only once
            inputs = None
    recorded.evaluations.lengths.append(inputs.extent.cut_with_rows(steps) if inputs is not None else Length())


def _some(recorded: Recorded, examples: Iterator[Any]) -> Iterator[Any]:
    """The first examples; whether the program read them to their end is noted."""
    call = len(recorded.examples)
    recorded.examples.append(None)
    number = 0
    for example in itertools.islice(examples, REAL_EXAMPLES):
        yield example
        number += 1
    if number < REAL_EXAMPLES:
        recorded.examples[call] = number


def _wrap_export(tf: Any, capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    def export(self: Any, *arguments: Any, **options: Any) -> Any:
        path = original(self, *arguments, **options)
        recorded = capture.of(self)
        recorded.calls.append("export")
        recorded.exports.append(path.decode() if isinstance(path, bytes) else str(path))
        return path

    return export


def _train_and_evaluate(estimator: Any, train_spec: Any, eval_spec: Any) -> Any:
    """What train_and_evaluate does on one machine, once: train, evaluate, export."""
    estimator.train(
        input_fn=train_spec.input_fn, hooks=list(train_spec.hooks or ()) or None, max_steps=train_spec.max_steps
    )
    hooks = list(eval_spec.hooks or ()) or None
    result = estimator.evaluate(eval_spec.input_fn, steps=eval_spec.steps, hooks=hooks, name=eval_spec.name)
    exporters = eval_spec.exporters or ()
    exports = []
    for exporter in exporters if isinstance(exporters, (list, tuple)) else [exporters]:
        path = os.path.join(estimator.model_dir, "export", exporter.name)
        checkpoint = estimator.latest_checkpoint()
        exports.append(exporter.export(estimator, path, checkpoint, result, True))
    return result, exports


def _see(tf: Any, capture: Capture, estimator: Any, method: str, input_fn: Any, count: int) -> bool:
    """Notes a call, keeps its input the first time; tells whether the call shall really run."""
    recorded = capture.of(estimator)
    recorded.calls.append(method)
    mode = MODES[method]
    if mode not in recorded.inputs and mode not in recorded.failures:
        try:
            recorded.inputs[mode] = record_batches(tf, estimator, input_fn, mode, count)
        except Exception as error:  # the boundary to the program's input function
            recorded.failures[mode] = "its input failed: %s: %s" % (type(error).__name__, error)
    return recorded.calls.count(method) <= REAL_CALLS


def _bound(original: Callable[..., Any], self: Any, input_fn: Any, arguments: Any, options: Any) -> Dict[str, Any]:
    given = dict(inspect.signature(original).bind(self, input_fn, *arguments, **options).arguments)
    given.pop("self")
    given.update(given.pop("kwargs", {}))
    return given


def _calling_line(root: str) -> Tuple[str, int]:
    """The innermost line of the program that led here."""
    frame = sys._getframe(1)
    while frame is not None:
        path = os.path.abspath(frame.f_code.co_filename)
        if path.startswith(root + os.sep):
            return os.path.relpath(path, root).replace(os.sep, "/"), frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0


def _keep_inside(module: Any, root: str) -> None:
    """Sends model folders outside the scratch copy into it: an old checkpoint there would be resumed."""
    original = module.maybe_overwrite_model_dir_and_session_config

    def redirected(config: Any, model_dir: Any) -> Any:
        config = original(config, model_dir)
        where = os.path.abspath(config.model_dir) if config.model_dir else ""
        if where and not where.startswith(os.path.dirname(root) + os.sep):
            inside = os.path.join(os.path.dirname(root), "elsewhere", where.strip(os.sep).replace(os.sep, "_"))
            config = config.replace(model_dir=inside)
        return config

    module.maybe_overwrite_model_dir_and_session_config = redirected
