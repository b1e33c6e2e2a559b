"""Runs one Keras program in the target runtime and writes down what it does; knows nothing of the verifier.

Random numbers are fixed, weights are moved away from where they start in a way that depends on their place alone, and
training is cut short: what is left is a function of the program's text. Each fit gives its data, the loss and every
variable after every step; evaluations, predictions and exports run whole, from the moved weights.
"""

from __future__ import annotations

import inspect
import json
import os
import pickle
import runpy
import sys
from typing import Any

STEPS, BATCHES, RATES = 6, 3, 60
ENDLESS = 2000  # batches: no program evaluates on so many
LARGE = 5.0
PUSH = 30.0  # standard deviation of large gradients


class Seen:
    """What the program did, as plain data."""

    def __init__(self) -> None:
        self.fits: list[dict[str, Any]] = []
        self.metrics: list[dict[str, float]] = []
        self.predictions: list[Any] = []
        self.exports: list[Any] = []
        self.start: dict[int, Any] = {}


def main() -> None:
    """The command line: a request file with root, entry and the place for the answer."""
    with open(sys.argv[1], encoding="utf-8") as stream:
        request = json.load(stream)
    seen = Seen()
    _fix_random_numbers()
    _watch_training(seen)
    _watch_results(seen)
    _watch_exports(seen)
    ending = _run(request["root"], request["entry"])
    answer = {
        "ending": ending,
        "fits": seen.fits,
        "metrics": seen.metrics,
        "predictions": seen.predictions,
        "exports": seen.exports,
    }
    with open(request["answer"], "wb") as stream:
        pickle.dump(answer, stream)


def _run(root: str, entry: dict[str, Any]) -> str:
    os.chdir(root)
    try:
        if entry.get("module"):
            sys.path.insert(0, root)
            sys.argv = [entry["module"], *entry["arguments"]]
            runpy.run_module(entry["module"], run_name="__main__", alter_sys=True)
        else:
            path = os.path.join(root, entry["script"])
            sys.path.insert(0, os.path.dirname(path))
            sys.argv = [path, *entry["arguments"]]
            runpy.run_path(path, run_name="__main__")
    except SystemExit as leaving:
        return "" if leaving.code in (None, 0) else f"left with status {leaving.code}"
    except BaseException as error:  # the boundary to the program
        return f"{type(error).__name__}: {str(error)[:200]}"
    return ""


def _fix_random_numbers() -> None:
    """The same numbers from every source, whatever else the program draws before."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    drawing = sys.modules["tensorflow.python.ops.gen_random_ops"]
    for name in ("random_uniform", "random_standard_normal", "truncated_normal", "random_uniform_int"):
        setattr(drawing, name, _seeded(getattr(drawing, name)))
    generators = inspect.getmodule(keras.random.SeedGenerator)
    generators.make_default_seed = lambda: 17
    keras.random.SeedGenerator.next = lambda self, ordered=True: tf.constant([5, 11], tf.uint32)
    plain_shuffle = tf.data.Dataset.shuffle

    def shuffle(self: Any, buffer_size: Any, *_: Any, **__: Any) -> Any:
        # One order for all iterators: what another iterator reads ahead, in a thread, draws from their common seeds.
        return plain_shuffle(self, buffer_size, seed=13, reshuffle_each_iteration=False)

    tf.data.Dataset.shuffle = shuffle
    plain_map = tf.data.Dataset.map

    def map_in_order(self: Any, map_func: Any, *_: Any, **options: Any) -> Any:
        # Two threads would draw random numbers in an order of their own.
        return plain_map(self, map_func, name=options.get("name"))

    tf.data.Dataset.map = map_in_order


def _seeded(draw: Any) -> Any:
    def seeded(*arguments: Any, **options: Any) -> Any:
        return draw(*arguments, **{**options, "seed": 7, "seed2": 29})

    return seeded


def _watch_training(seen: Seen) -> None:
    import keras

    owner = next(cls for cls in inspect.getmro(keras.Model) if "fit" in vars(cls))
    plain_fit = owner.fit

    def fit(self: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        epochs = options.get("epochs", 1)
        known = options.get("steps_per_epoch") or _length(x)
        asked = epochs * known if known else None
        data = _first_batches(x)
        if not self.built:
            self(keras.utils.unpack_x_y_sample_weight(next(iter(x)))[0])  # before training, to have weights to move
        self.steps_per_execution = 1
        self.train_function = None
        given = options.pop("callbacks", None) or []
        options.update(epochs=1, steps_per_epoch=min(STEPS, asked or STEPS), verbose=0)
        done = int(self.optimizer.iterations)
        # From weights many times as large too, the first time: there gradients are large enough to be clipped.
        for factor in (1.0, LARGE) if id(self) not in seen.start else (1.0,):
            record: dict[str, Any] = {"asked": asked, "data": data, "losses": [], "variables": []}
            seen.fits.append(record)
            history = plain_fit(self, x, y, **options, callbacks=[*given, _recorder(seen, record, factor)])
            record["rates"] = _rates(self.optimizer, asked or STEPS)
        if asked:
            self.optimizer.iterations.assign(done + asked)
        return history

    owner.fit = fit


def _recorder(seen: Seen, record: dict[str, Any], factor: float) -> Any:
    import keras
    import numpy

    class Recorder(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            variables = _variables(self.model)
            record["initial"] = [variable.numpy() for variable in variables]
            if id(self.model) not in seen.start:
                for number, variable in enumerate(variables):
                    draw = numpy.random.RandomState(number).uniform(-1, 1, variable.shape)
                    value = variable.numpy()
                    if "variance" in variable.path:
                        value = value * (1 + 0.3 * draw)
                    elif value.dtype.kind == "f":
                        value = value + (0.2 * value.std() + 0.05) * draw
                    variable.assign(value.astype(variable.dtype))
                seen.start[id(self.model)] = [variable.numpy() for variable in variables]
            record["start"] = [value * value.dtype.type(factor) for value in seen.start[id(self.model)]]
            for variable, value in zip(variables, record["start"]):
                variable.assign(value)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            record["losses"].append(float((logs or {}).get("loss", float("nan"))))
            record["variables"].append([variable.numpy() for variable in _variables(self.model)])

        def on_train_end(self, logs: Any = None) -> None:
            record["pushed"] = _pushed(self.model.optimizer)
            for variable, value in zip(_variables(self.model), seen.start[id(self.model)]):
                variable.assign(value)

    return Recorder()


def _pushed(optimizer: Any) -> list[Any]:
    """What the optimizer makes of gradients so large that every limit acts: pairs of values, before and after."""
    import numpy

    pushed = [*(getattr(optimizer, "_trainable_variables", None) or ())]
    kept = [(variable, variable.numpy()) for variable in (*optimizer.variables, *pushed)]
    before = [variable.numpy() for variable in pushed]
    draws = [numpy.random.RandomState(number).normal(0, PUSH, value.shape) for number, value in enumerate(before)]
    try:
        optimizer.apply([draw.astype(value.dtype) for draw, value in zip(draws, before, strict=True)], pushed)
        return [(value, variable.numpy()) for value, variable in zip(before, pushed, strict=True)]
    finally:
        for variable, value in kept:
            variable.assign(value)


def _variables(model: Any) -> list[Any]:
    """The weights of the network: no seeds, no metrics."""
    metrics = {id(variable) for metric in model.metrics for variable in metric.variables}
    return [v for v in model.variables if id(v) not in metrics and "seed_generator" not in v.path]


def _rates(optimizer: Any, steps: int) -> list[float]:
    import keras
    import numpy

    rate = optimizer._learning_rate
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return [float(rate)]
    return [float(rate(int(step))) for step in numpy.unique(numpy.linspace(0, steps, RATES).astype(int))]


def _length(x: Any) -> int | None:
    length = int(x.cardinality()) if hasattr(x, "cardinality") else -1
    return length if length > 0 else None


def _first_batches(x: Any) -> list[Any]:
    import keras

    return [[_numpy(leaf) for leaf in keras.tree.flatten(element)] for element in x.take(BATCHES)]


def _numpy(leaf: Any) -> Any:
    import numpy

    return leaf.numpy() if hasattr(leaf, "numpy") else numpy.asarray(leaf)


def _watch_results(seen: Seen) -> None:
    import keras

    owner = next(cls for cls in inspect.getmro(keras.Model) if "evaluate" in vars(cls))
    plain_evaluate, plain_predict, plain_on_batch = owner.evaluate, owner.predict, owner.predict_on_batch

    class Counter(keras.callbacks.Callback):
        batches = 0

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches += 1
            if self.batches > ENDLESS:
                raise RuntimeError("an evaluation has no end")

    def evaluate(self: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("_use_cached_eval_dataset"):  # that of fit comes with callbacks of its own kind
            result = plain_evaluate(self, *arguments, **options)
            seen.metrics.append(_named(result))
            return result
        # From weights many times as large first: a metric may be what another one is by chance.
        known = [(variable, variable.numpy()) for variable in _variables(self)]
        for factor in (LARGE, 1.0):
            for variable, value in known:
                variable.assign(value * value.dtype.type(factor))
            counter = Counter()
            watched = {**options, "callbacks": [*(options.get("callbacks") or []), counter]}
            result = plain_evaluate(self, *arguments, **watched)
            seen.metrics.append({"batches": counter.batches, **_named(result)})
        return result

    def predict(self: Any, *arguments: Any, **options: Any) -> Any:
        result = plain_predict(self, *arguments, **options)
        seen.predictions.append(keras.tree.map_structure(_numpy, result))
        return result

    def predict_on_batch(self: Any, x: Any) -> Any:
        result = plain_on_batch(self, x)
        seen.predictions.append(keras.tree.map_structure(_numpy, result))
        return result

    owner.evaluate, owner.predict, owner.predict_on_batch = evaluate, predict, predict_on_batch


def _named(result: Any) -> dict[str, float]:
    values = result if isinstance(result, list) else [result]
    named = result if isinstance(result, dict) else {str(number): value for number, value in enumerate(values)}
    return {name: float(value) for name, value in named.items()}


def _fed(tf: Any, spec: Any) -> Any:
    """Something that a signature takes: ones, or empty texts."""
    shape = [size or 2 for size in spec.shape]
    return tf.fill(shape, "") if spec.dtype == tf.string else tf.ones(shape, spec.dtype)


def _watch_exports(seen: Seen) -> None:
    import tensorflow as tf

    saving = sys.modules["tensorflow.python.saved_model.save"]
    plain = saving.save_and_return_nodes

    def save_and_return_nodes(obj: Any, export_dir: Any, *arguments: Any, **options: Any) -> Any:
        nodes = plain(obj, export_dir, *arguments, **options)
        loaded = tf.saved_model.load(os.fspath(export_dir))
        found = {}
        for name, signature in loaded.signatures.items():
            inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
            fed = {key: _fed(tf, spec) for key, spec in inputs.items()}
            try:
                got = {key: value.numpy() for key, value in signature(**fed).items()}
            except tf.errors.InvalidArgumentError:
                got = {}  # it parses examples with features that an empty text does not have
            found[name] = {"inputs": sorted((k, s.dtype.name) for k, s in inputs.items()), "outputs": got}
            found[name]["keys"] = sorted((key, spec.dtype.name) for key, spec in outputs.items())
        seen.exports.append(found)
        return nodes

    saving.save_and_return_nodes = save_and_return_nodes
