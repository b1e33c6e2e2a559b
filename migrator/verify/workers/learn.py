"""`tf.contrib.learn` and `tf.contrib.predictor`: stand-ins for TensorFlow 2.15, and its Estimator for both versions.

The verifier records Estimators of `tf.estimator`. The one of contrib.learn becomes such an Estimator: its model_fn is
called as it was, its methods end in train, evaluate and predict.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
from typing import Any, Callable, Dict, Optional, Tuple

import numpy


class ModeKeys(object):
    """The modes of a model_fn."""

    TRAIN, EVAL, INFER = "train", "eval", "infer"


class ModelFnOps(object):
    """What a model_fn returned before there were EstimatorSpecs."""

    def __init__(
        self,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Any = None,
        output_alternatives: Any = None,
        training_chief_hooks: Any = None,
        training_hooks: Any = None,
        scaffold: Any = None,
    ) -> None:
        self.mode, self.predictions, self.loss, self.train_op = mode, predictions, loss, train_op
        self.eval_metric_ops, self.output_alternatives = eval_metric_ops or {}, output_alternatives
        self.training_chief_hooks, self.training_hooks = training_chief_hooks or [], training_hooks or []
        self.scaffold = scaffold


class MetricSpec(object):
    """A metric of predictions against labels."""

    def __init__(self, metric_fn: Any, prediction_key: Any = None, label_key: Any = None) -> None:
        self.metric_fn, self.prediction_key, self.label_key = metric_fn, prediction_key, label_key

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        return self.metric_fn(
            labels=_entry(labels, self.label_key), predictions=_entry(predictions, self.prediction_key)
        )


def _entry(values: Any, key: Any) -> Any:
    if key is not None:
        return values[key]
    return next(iter(values.values())) if isinstance(values, dict) else values


def spec_of(tf: Any, mode: str, result: Any) -> Any:
    """The EstimatorSpec for what a model_fn of contrib.learn returned: one, a ModelFnOps, or three things."""
    if isinstance(result, tf.estimator.EstimatorSpec):
        return result
    if isinstance(result, tuple) and not hasattr(result, "eval_metric_ops"):
        result = ModelFnOps(mode, *result)
    kept = {"predictions": result.predictions, "loss": result.loss, "train_op": result.train_op}
    if mode == "infer":
        kept = {"predictions": result.predictions}
    elif mode == "eval":
        kept["eval_metric_ops"] = dict(result.eval_metric_ops)
    return tf.estimator.EstimatorSpec(mode, scaffold=result.scaffold, **kept)


def estimator_class(tf: Any) -> Any:
    """contrib.learn's Estimator as an Estimator of tf.estimator."""

    class Estimator(tf.estimator.Estimator):  # type: ignore[misc]
        """Its model_fn may return other things, and it trains on arrays too."""

        def __init__(self, model_fn: Any = None, model_dir: Any = None, config: Any = None, params: Any = None) -> None:
            self._metrics: Any = None  # of an evaluation under way
            self._labels: Any = None  # of the last call that had some: prediction gets placeholders like them
            named = inspect.signature(model_fn).parameters

            @functools.wraps(model_fn)
            def called(features: Any, labels: Any, mode: str, params: Any, config: Any) -> Any:
                given = {"mode": mode, "params": params or None, "config": config}
                labels = self._labels_for(labels)
                result = model_fn(features, labels, **{k: v for k, v in given.items() if k in named})
                spec = spec_of(tf, mode, result)
                if mode != "eval" or not self._metrics:
                    return spec
                made = {k: m.create_metric_ops(features, labels, spec.predictions) for k, m in self._metrics.items()}
                return spec._replace(eval_metric_ops=dict(spec.eval_metric_ops or {}, **made))

            # wraps() makes the parameters look like the model_fn's; the Estimator asks for those of the wrapper
            called.__signature__ = inspect.signature(lambda features, labels, mode, params, config: None)  # type: ignore[attr-defined]
            super(Estimator, self).__init__(called, model_dir, config, params)
            # a class that overrides these is refused
            self.evaluate, self.predict = self._evaluate_arrays, self._predict_arrays

        def _labels_for(self, labels: Any) -> Any:
            if labels is not None:
                self._labels = tf.nest.map_structure(lambda one: (one.dtype, one.shape), labels)
                return labels
            if self._labels is None:
                return None
            pairs = lambda one: isinstance(one, tuple) and len(one) == 2 and hasattr(one[0], "as_numpy_dtype")  # noqa: E731
            return _mapped(pairs, lambda one: tf.placeholder(one[0], one[1]), self._labels)

        def fit(self, x: Any = None, y: Any = None, input_fn: Any = None, steps: Any = None, batch_size: Any = None,
                monitors: Any = None, max_steps: Any = None) -> Any:  # fmt: skip
            input_fn = input_fn or _feeder(tf, x, y, batch_size, None, True)
            return self.train(input_fn, hooks=monitors, steps=steps, max_steps=max_steps)

        def partial_fit(self, x: Any = None, y: Any = None, input_fn: Any = None, steps: Any = 1,
                        batch_size: Any = None, monitors: Any = None) -> Any:  # fmt: skip
            return self.fit(x, y, input_fn, steps, batch_size, monitors)

        def _evaluate_arrays(self, x: Any = None, y: Any = None, input_fn: Any = None, batch_size: Any = None,
                     steps: Any = None, name: Any = None, hooks: Any = None, **quiet: Any) -> Any:  # fmt: skip
            input_fn = input_fn or _feeder(tf, x, y, batch_size, 1, False)
            self._metrics = quiet.get("metrics")
            try:
                return super(Estimator, self).evaluate(input_fn, steps=steps, hooks=hooks, name=name)
            finally:
                self._metrics = None

        def _predict_arrays(self, x: Any = None, input_fn: Any = None, batch_size: Any = None, outputs: Any = None,
                    as_iterable: bool = True, **kept: Any) -> Any:  # fmt: skip
            input_fn = input_fn or _feeder(tf, x, None, batch_size, 1, False)
            return super(Estimator, self).predict(input_fn, predict_keys=outputs)

    return Estimator


def _mapped(is_leaf: Callable[[Any], bool], change: Callable[[Any], Any], tree: Any) -> Any:
    if is_leaf(tree):
        return change(tree)
    if isinstance(tree, dict):
        return {key: _mapped(is_leaf, change, value) for key, value in tree.items()}
    return type(tree)([_mapped(is_leaf, change, value) for value in tree])


def _feeder(tf: Any, x: Any, y: Any, batch_size: Optional[int], epochs: Optional[int], shuffle: bool) -> Any:
    """The input function of arrays: rows in the order of contrib.learn's DataFeeder."""
    x = _each(x, lambda rows: rows.reshape(-1, 1) if rows.ndim == 1 else rows)
    y = None if y is None else _each(y, lambda rows: rows[:, 0] if rows.ndim > 1 and rows.shape[1] == 1 else rows)
    rows = len(next(iter(x.values())) if isinstance(x, dict) else x)
    size = batch_size or rows
    arrays = x if y is None else (x, y)

    def batches() -> Any:
        generator = numpy.random.RandomState(42)
        epoch = 0
        while epochs is None or epoch < epochs:
            order = generator.permutation(rows) if shuffle else numpy.arange(rows)
            for start in range(0, rows, size):
                yield _each(arrays, operator.itemgetter(order[start : start + size]))
            epoch += 1

    def input_fn() -> Any:
        kinds = _each(arrays, lambda array: array.dtype)
        shapes = _each(arrays, lambda array: tf.TensorShape([None] + list(array.shape[1:])))
        return tf.data.Dataset.from_generator(batches, kinds, shapes)

    return input_fn


def _each(tree: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _each(value, change) for key, value in tree.items()}
    if isinstance(tree, tuple):
        return tuple(_each(value, change) for value in tree)
    return change(numpy.asarray(tree))


# ----------------------------------------------------------------------------------------------- on TensorFlow 2.15
class Experiment(object):
    """An Estimator with its data. Evaluations on the way are left out: they only write logs."""

    def __init__(self, estimator: Any, train_input_fn: Any, eval_input_fn: Any, train_steps: Any = None,
                 eval_steps: Any = 100, train_monitors: Any = None, eval_hooks: Any = None,
                 train_steps_per_iteration: Any = None, export_strategies: Any = (), **quiet: Any) -> None:  # fmt: skip
        self._strategies = export_strategies if isinstance(export_strategies, (list, tuple)) else [export_strategies]
        self.estimator, self.train_steps, self.eval_steps = estimator, train_steps, eval_steps
        self._inputs = (train_input_fn, eval_input_fn)
        self._hooks = (list(train_monitors or ()), list(eval_hooks or ()))
        self._per_iteration = train_steps_per_iteration or (train_steps // 10 if train_steps else 1000)

    def train(self, delay_secs: Any = None) -> Any:
        return self.estimator.train(self._inputs[0], hooks=self._hooks[0], max_steps=self.train_steps)

    def evaluate(self, delay_secs: Any = None, name: Any = None) -> Any:
        return self.estimator.evaluate(
            input_fn=self._inputs[1], steps=self.eval_steps, hooks=self._hooks[1], name=name or "one_pass"
        )

    def train_and_evaluate(self) -> Any:
        self.train()
        return self.evaluate(), [strategy(self.estimator) for strategy in self._strategies or ()]

    def continuous_train_and_eval(self) -> Any:
        result = None
        for _ in range(-(-self.train_steps // self._per_iteration)):
            self.estimator.train(self._inputs[0], hooks=self._hooks[0], steps=self._per_iteration)
            result = self.evaluate()
        return result, []

    def test(self) -> Any:
        self.estimator.train(self._inputs[0], hooks=self._hooks[0], steps=1)
        return self.estimator.evaluate(input_fn=self._inputs[1], steps=1, name="one_pass")


def run(experiment_fn: Any, output_dir: Any = None, schedule: Any = None, run_config: Any = None,
        hparams: Any = None) -> Any:  # fmt: skip
    """learn_runner.run on one machine."""
    experiment = experiment_fn(output_dir=output_dir) if run_config is None else experiment_fn(run_config, hparams)
    return getattr(experiment, schedule or "train_and_evaluate")()


def make_export_strategy(serving_input_fn: Any, **options: Any) -> Callable[[Any], Any]:
    """Writes a SavedModel of an Estimator into its folder `Servo`."""

    def export(estimator: Any) -> Any:
        return estimator.export_saved_model(os.path.join(estimator.model_dir, "export", "Servo"), serving_input_fn)

    return export


def run_config(tf: Any, **given: Any) -> Any:
    """RunConfig with the arguments that contrib.learn's had beside those of today."""
    gone = ("master", "num_cores", "log_device_placement", "gpu_memory_fraction", "evaluation_master")
    return tf.estimator.RunConfig(**{name: value for name, value in given.items() if name not in gone})


def from_estimator(tf: Any, estimator: Any, serving_input_receiver_fn: Any, output_key: Any = None, graph: Any = None,
                   config: Any = None) -> Any:  # fmt: skip
    """A function from name -> array to name -> array that serves the latest checkpoint."""
    own = graph or tf.Graph()
    with own.as_default():
        receiver = serving_input_receiver_fn()
        spec = estimator._call_model_fn(receiver.features, None, "infer", estimator.config)
        outputs = spec.export_outputs or {"serving_default": tf.estimator.export.PredictOutput(spec.predictions)}
        if output_key is None and len(outputs) == 1:
            output_key = next(iter(outputs))
        fetched = outputs[output_key or "serving_default"].as_signature_def(receiver.receiver_tensors).outputs
        creator = tf.train.ChiefSessionCreator(config=config, checkpoint_dir=estimator.model_dir)
        session = tf.train.MonitoredSession(session_creator=creator)
    fetches = {name: own.get_tensor_by_name(info.name) for name, info in fetched.items()}

    def predict(arrays: Dict[str, Any]) -> Any:
        fed = {receiver.receiver_tensors[name]: value for name, value in arrays.items()}
        return session.run(fetches, feed_dict=fed)

    return predict


def parts(tf: Any, part: Callable[[str, Dict[str, Any]], Any]) -> Tuple[Any, Any]:
    """The modules contrib.learn and contrib.predictor on TensorFlow 2.15; `part` makes a module of names."""
    names: Dict[str, Any] = {
        "Estimator": estimator_class(tf),
        "Experiment": Experiment,
        "ModeKeys": ModeKeys,
        "MetricSpec": MetricSpec,
        "ModelFnOps": ModelFnOps,
        "RunConfig": functools.partial(run_config, tf),
        "make_export_strategy": make_export_strategy,
        "learn_runner": part("tensorflow.contrib.learn.learn_runner", {"run": run}),
    }
    estimators = {"model_fn": part("tensorflow.contrib.learn.python.learn.estimators.model_fn", dict(names))}
    inner = dict(names, estimators=part("tensorflow.contrib.learn.python.learn.estimators", dict(names, **estimators)))
    inner["experiment"] = part("tensorflow.contrib.learn.python.learn.experiment", dict(names))
    utils = {"saved_model_export_utils": part("tensorflow.contrib.learn.python.learn.utils.saved", dict(names))}
    inner["utils"] = part("tensorflow.contrib.learn.python.learn.utils", dict(names, **utils))
    below = part("tensorflow.contrib.learn.python.learn", inner)
    learn = part(
        "tensorflow.contrib.learn", dict(names, python=part("tensorflow.contrib.learn.python", {"learn": below}))
    )
    predictor = part("tensorflow.contrib.predictor", {"from_estimator": functools.partial(from_estimator, tf)})
    return learn, predictor
