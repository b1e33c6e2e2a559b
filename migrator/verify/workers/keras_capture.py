"""Records what a migrated program does with its Keras models, while it runs on with every call cut short.

fit, evaluate, predict and predict_on_batch are replaced on the class that defines them, so that overriding methods
which call them are recorded too, once. What was cut off is made up for in the step counter, so that loops which wait
for it end.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from typing import Any, Callable, Dict, List, Optional

import keras

from . import keras_batches, keras_data, keras_start, trees
from .extent import Evaluations, Training

REAL_STEPS, REAL_CALLS = 2, 2


class Seen(object):
    """One kind of call of one model: the structure of a data element as Keras got it, and its first batches."""

    def __init__(self, spec: Any, batches: List[Any], method: str, sized: bool = True) -> None:
        self.spec = spec
        self.batches = batches
        self.method = method
        self.sized = sized  # whether Keras knows where the data end
        self.shuffled: Optional[bool] = None


class Model(object):
    """One Keras model of the program and the calls seen."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.calls: List[str] = []
        self.seen: Dict[str, Seen] = {}
        self.failures: Dict[str, str] = {}
        self.last: Dict[str, Any] = {}
        self.training = Training()
        self.each = 1  # steps that it counts for a batch
        self.validation: Dict[str, Any] = {}  # what the last fit was given to validate with, as evaluate takes it
        self.evaluations = Evaluations()
        self.predicted: Optional[int] = 0  # examples


class Capture(object):
    """The models of one program in the order of their first use, and the folders it exported to."""

    def __init__(self) -> None:
        self.models: List[Model] = []
        self.exports: List[str] = []
        self.active = True

    def of(self, model: Any) -> Model:
        for known in self.models:
            if known.model is model:
                return known
        self.models.append(Model(model))
        return self.models[-1]

    def forget_lengths(self) -> None:
        """The program ended early: how much it would have trained and predicted is not known."""
        for known in self.models:
            known.training.total = known.predicted = None


def install(capture: Capture) -> None:
    """Replaces the methods of keras.Model (in the class that defines each) and the exports."""
    wrappers = {
        "fit": _wrap_fit,
        "evaluate": _wrap_evaluate,
        "predict": _wrap_predict,
        "predict_on_batch": _wrap_predict_on_batch,
        "train_on_batch": _wrap_train_on_batch,
    }
    for name, wrap in wrappers.items():
        owner = next(cls for cls in inspect.getmro(keras.Model) if name in vars(cls))
        setattr(owner, name, wrap(capture, vars(owner)[name]))
    for name in ("save_weights", "load_weights"):
        owner = next(cls for cls in inspect.getmro(keras.Model) if name in vars(cls))
        setattr(owner, name, _only_inside(_after_note(vars(owner)[name]), 1, "filepath"))
    train: Any = importlib.import_module("tensorflow").train
    train.latest_checkpoint = _only_inside(train.latest_checkpoint, 0, "checkpoint_dir")
    # model.export, ExportArchive and tf.saved_model.save all end here.
    saving = importlib.import_module("tensorflow.python.saved_model.save")
    saving.save_and_return_nodes = _wrap_save(capture, saving.save_and_return_nodes)  # type: ignore[attr-defined]


def _after_note(original: Callable[..., Any]) -> Callable[..., Any]:
    """Notes first what the weights start with: what a file brings is not what the model initialises."""

    @functools.wraps(original)
    def noted(*arguments: Any, **options: Any) -> Any:
        keras_start.note()
        return original(*arguments, **options)

    return noted


def _only_inside(original: Callable[..., Any], place: int, name: str) -> Callable[..., Any]:
    """Does nothing for a path outside the scratch copy, in which a run starts: an older state would be resumed there.

    The path is the argument of this place and name.
    """

    @functools.wraps(original)
    def guarded(*arguments: Any, **options: Any) -> Any:
        path = str(arguments[place] if len(arguments) > place else options[name])
        inside = os.path.abspath(path).startswith(os.path.dirname(os.getcwd()) + os.sep)
        return original(*arguments, **options) if inside else None

    return guarded


def watch(capture: Capture) -> None:
    """Only notes which models are trained; every call runs in full."""
    owner: Any = next(cls for cls in inspect.getmro(keras.Model) if "fit" in vars(cls))
    plain_fit = owner.fit

    def fit(self: Any, *arguments: Any, **options: Any) -> Any:
        capture.of(self).calls.append("fit")
        return plain_fit(self, *arguments, **options)

    owner.fit = fit


def _wrap_fit(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def fit(self: Any, *arguments: Any, **options: Any) -> Any:
        if not capture.active:
            return original(self, *arguments, **options)
        given = _bound(original, self, arguments, options)
        known = capture.of(self)
        known.calls.append("fit")
        _see(known, "train", "fit", given)
        self.steps_per_execution = 1
        epochs = max(0, (given.get("epochs") or 1) - (given.get("initial_epoch") or 0))
        per_epoch = given.get("steps_per_epoch") or keras_data.cardinality(given)
        before = _iterations(self)
        known.training.go_on_from(before or 0)
        steps = _steps(given, epochs)
        given.update(steps_per_epoch=min(REAL_STEPS, per_epoch or REAL_STEPS), shuffle=False)
        given.update(epochs=1 if epochs else 0, initial_epoch=0)
        if given.get("validation_data") is not None:
            names, parts = ("x", "y", "sample_weight"), keras.utils.unpack_x_y_sample_weight(given["validation_data"])
            known.validation = dict(zip(names, parts, strict=True), steps=given.get("validation_steps"))
            given["validation_steps"] = min(REAL_STEPS, given.get("validation_steps") or REAL_STEPS)
        history = known.last.get("fit")
        if known.calls.count("fit") <= REAL_CALLS or history is None:
            history, known.each = keras_batches.fitted(original, self, given, _iterations)
            known.last["fit"] = history
        known.training.add(None if steps is None else steps * known.each)
        if steps is None and per_epoch is not None:
            steps = epochs * per_epoch  # what it asks for
        if steps is not None and before is not None:
            _optimizer(self).iterations.assign(before + steps * known.each)
        return history

    return fit


def _wrap_evaluate(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def evaluate(self: Any, *arguments: Any, **options: Any) -> Any:
        if not capture.active:
            return original(self, *arguments, **options)
        given = _bound(original, self, arguments, options)
        known = capture.of(self)
        known.calls.append("evaluate")
        # The validation of fit has been cut short already, and reads the data that fit was given, whatever x is.
        inside = given.get("_use_cached_eval_dataset")
        whole = dict(given, **known.validation) if inside else given
        _see(known, "eval", "evaluate", whole)
        known.evaluations.calls += 1
        if known.evaluations.counts:
            known.evaluations.lengths.append(keras_data.rows_of(whole).cut_with_rows(whole.get("steps")))
        if inside:
            return original(self, *arguments, **options)
        self.steps_per_execution = 1
        steps = given.get("steps") or keras_data.cardinality(given) or REAL_STEPS
        given["steps"] = min(REAL_STEPS, steps)
        key = "evaluate dict" if given.get("return_dict") else "evaluate"
        if known.calls.count("evaluate") <= REAL_CALLS or key not in known.last:
            known.last[key] = original(self, **given)
        return known.last[key]

    return evaluate


def _wrap_predict(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def predict(self: Any, *arguments: Any, **options: Any) -> Any:
        if not capture.active:
            return original(self, *arguments, **options)
        known = capture.of(self)
        known.calls.append("predict")
        _see(known, "infer", "predict", _bound(original, self, arguments, options))
        result = original(self, *arguments, **options)
        _count_rows(known, result)
        return result

    return predict


def _wrap_predict_on_batch(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def predict_on_batch(self: Any, x: Any) -> Any:
        if not capture.active:
            return original(self, x)
        known = capture.of(self)
        known.calls.append("predict_on_batch")
        if "infer" not in known.seen:
            known.seen["infer"] = Seen(
                keras_data.spec_of_arrays((x,)), [keras_data.arrays_of((x,))], "predict_on_batch"
            )
        result = original(self, x)
        _count_rows(known, result)
        return result

    return predict_on_batch


def _wrap_train_on_batch(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def train_on_batch(self: Any, *arguments: Any, **options: Any) -> Any:
        if not capture.active:
            return original(self, *arguments, **options)
        known = capture.of(self)
        known.calls.append("train_on_batch")
        given = _bound(original, self, arguments, options)
        if "train" not in known.seen:
            element = (given.get("x"), given.get("y"), given.get("sample_weight"))
            known.seen["train"] = Seen(
                keras_data.spec_of_arrays(element), [keras_data.arrays_of(element)], "train_on_batch"
            )
        return original(self, *arguments, **options)

    return train_on_batch


def _wrap_save(capture: Capture, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def save(obj: Any, export_dir: Any, *arguments: Any, **options: Any) -> Any:
        result = original(obj, export_dir, *arguments, **options)
        capture.exports.append(str(export_dir))
        return result

    return save


def _see(known: Model, mode: str, method: str, given: Dict[str, Any]) -> None:
    """Keeps the first batches that a call would work on."""
    if mode in known.seen:
        return
    try:
        spec, batches = keras_data.look_into(given)
    except Exception as error:  # the boundary to the program's data
        known.failures[mode] = "its data cannot be read: %s: %s" % (type(error).__name__, error)
    else:
        sized = given.get("steps") is not None or keras_data.cardinality(given) is not None
        seen = known.seen[mode] = Seen(spec, batches, method, sized)
        seen.shuffled = keras_data.is_shuffled(given, method)


def _steps(given: Dict[str, Any], epochs: int) -> Optional[int]:
    """The training steps of a call of fit, where they are known."""
    if given.get("steps_per_epoch"):
        wanted: int = epochs * given["steps_per_epoch"]
        return wanted if wanted <= keras_data.extent_of(given, enough=wanted).batches else None
    extent = keras_data.extent_of(given)
    return epochs * extent.batches if extent.ended else None


def _count_rows(known: Model, result: Any) -> None:
    leaves = [leaf for _, leaf in trees.flatten(result)]
    rows = {leaf.shape[0] if len(leaf.shape) else None for leaf in leaves}
    if known.predicted is not None:
        number = rows.pop() if len(rows) == 1 else None
        known.predicted = None if number is None else known.predicted + int(number)


def _optimizer(model: Any) -> Any:
    return getattr(model, "optimizer", None)


def _iterations(model: Any) -> Optional[int]:
    optimizer = _optimizer(model)
    return None if optimizer is None else int(optimizer.iterations)


def _bound(original: Callable[..., Any], self: Any, arguments: Any, options: Dict[str, Any]) -> Dict[str, Any]:
    # Keras decorates its methods; the signature is that of the function inside.
    given = dict(inspect.signature(original).bind(self, *arguments, **options).arguments)
    given.pop("self")
    given.update(given.pop("kwargs", {}))
    return given
