"""A stand-in for Keras 3 and for what of TensorFlow survives beside it: the migrated program runs and is recorded."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from typing import Any

from . import operations as ops
from .keras_layers import ACTIVATIONS, CLASSES, Layer, initializer
from .operations import Namespace, reduction
from .symbolic import Tensor, current, elementwise, make


# ------------------------------------------------------------------------------------------------- losses and metrics
@dataclasses.dataclass
class Loss:
    """A loss object: called with labels and predictions, gives the mean."""

    kind: str
    from_logits: bool = False

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        if sample_weight is not None:
            raise NotImplementedError("the fake knows no sample weights")
        if self.kind == "squared":
            losses = elementwise("squared_difference", y_true, y_pred)
        elif self.from_logits:
            losses = make(self.kind, y_true, y_pred, static=(None,))
        else:
            losses = make(f"{self.kind}_of_probabilities", y_true, y_pred, static=(None,))
        return make("reduce_mean", losses, None, False, static=())


def loss_class(kind: str) -> Any:
    return lambda from_logits=False, name=None, **more: Loss(kind, from_logits)


def loss_function(kind: str) -> Any:
    """The function form: one loss per example, not yet averaged."""

    def apply(y_true: Any, y_pred: Any, from_logits: bool = False, **more: Any) -> Tensor:
        return make(kind if from_logits else f"{kind}_of_probabilities", y_true, y_pred, static=(None,))

    return apply


LOSSES = {
    "sparse_categorical_crossentropy": loss_function("sparse_cross_entropy"),
    "categorical_crossentropy": loss_function("cross_entropy"),
    "SparseCategoricalCrossentropy": loss_class("sparse_cross_entropy"),
    "CategoricalCrossentropy": loss_class("cross_entropy"),
    "MeanSquaredError": loss_class("squared"),
}


@dataclasses.dataclass
class Metric:
    """A metric object: what it was updated with is its result."""

    kind: str
    name: str
    state: Tensor | None = None

    def update_state(self, *values: Any, sample_weight: Any = None) -> None:
        if sample_weight is not None:
            raise NotImplementedError("the fake knows no sample weights")
        kind, arguments = self.kind, list(values)
        if kind == "sparse_accuracy":
            kind, arguments = "accuracy", [values[0], ops.argmax(values[1], -1)]
        self.state = make("metric", kind, *arguments, static=())

    def result(self) -> Tensor | None:
        return self.state

    def reset_state(self) -> None:
        self.state = None


def metric_class(kind: str, default: str) -> Any:
    return lambda name=None, **more: Metric(kind, name or default)


METRICS = {
    "Accuracy": metric_class("accuracy", "accuracy"),
    "SparseCategoricalAccuracy": metric_class("sparse_accuracy", "sparse_categorical_accuracy"),
    "Mean": metric_class("mean", "mean"),
    "MeanSquaredError": metric_class("mean_squared_error", "mean_squared_error"),
}


# --------------------------------------------------------------------------------------------------------- optimizers
@dataclasses.dataclass
class Optimizer:
    """An optimizer: the steps it takes are recorded."""

    kind: str
    settings: tuple[Any, ...]
    iterations: int = 0

    def apply_gradients(self, pairs: Iterable[tuple[Tensor, Tensor]], **more: Any) -> None:
        listed = list(pairs)
        self.step(listed[0][0].args[0], [v for _, v in listed])

    def apply(self, grads: Sequence[Tensor], trainable_variables: Sequence[Tensor]) -> None:
        self.step(grads[0].args[0], trainable_variables)

    def step(self, loss: Tensor, variables: Sequence[Tensor]) -> None:
        current().collection("steps").append((self.kind, self.settings, loss, tuple(v.args[0] for v in variables)))


def optimizer_class(kind: str, **defaults: Any) -> Any:
    positions = ("learning_rate", *defaults)

    def construct(*args: Any, name: Any = None, epsilon: Any = None, **kwargs: Any) -> Optimizer:
        given = {**defaults, **dict(zip(positions, args, strict=False)), **kwargs}
        return Optimizer(kind, tuple((key, given.pop(key)) for key in positions))

    return construct


def exponential_decay(initial_learning_rate: Any, decay_steps: Any, decay_rate: Any, **more: Any) -> Tensor:
    return make("exponential_decay", initial_learning_rate, decay_steps, decay_rate, static=())


class GradientTape:
    """`tf.GradientTape`: a gradient is a symbol that remembers its loss."""

    def __init__(self, **more: Any) -> None:
        pass

    def __enter__(self) -> GradientTape:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def gradient(self, target: Tensor, sources: Sequence[Tensor]) -> list[Tensor]:
        return [make("gradient", target, source, static=source.static) for source in sources]


# -------------------------------------------------------------------------------------------------------------- model
def unpack(data: Any) -> tuple[Any, Any, Any]:
    """`keras.utils.unpack_x_y_sample_weight`."""
    if not isinstance(data, tuple):
        return data, None, None
    return (*data, None, None)[:3]


class LossTracker:
    """The mean of the losses of a fit or an evaluation: what it was given is recorded."""

    def update_state(self, loss: Any, sample_weight: Any = None) -> None:
        current().collection("tracked").append(loss)


class Model(Layer):
    """`keras.Model`: compile, and one symbolic step of fit, evaluate and predict."""

    optimizer: Any = None

    def compile(self, optimizer: Any = "rmsprop", loss: Any = None, metrics: Any = None, **more: Any) -> None:
        self.optimizer = optimizer
        self._loss, self._compiled_metrics = loss, list(metrics or [])
        self._loss_tracker, self._call_has_training_arg = LossTracker(), "training" in signature(self.call).parameters
        current().collection("compiled").append(self)

    @property
    def metrics(self) -> list[Any]:
        own = [v for v in vars(self).values() if isinstance(v, Metric)]
        return [*own, *(m for m in getattr(self, "_compiled_metrics", []) if all(m is not o for o in own))]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        return self._compile_loss(y, y_pred, sample_weight)

    def _compile_loss(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if self._loss is None:
            raise ValueError("No loss to compute")
        return self._loss(y, y_pred, sample_weight)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        for metric in self._compiled_metrics:
            metric.update_state(y, y_pred)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        return {metric.name: metric.result() for metric in self.metrics if metric.result() is not None}

    def train_step(self, data: Any) -> Any:
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        self.optimizer.step(loss, self.trainable_variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Any:
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._loss_tracker.update_state(loss)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        x, _, _ = unpack(data)
        return self(x, training=False)


def _operations() -> dict[str, Any]:
    """`keras.ops`."""
    return {
        **ops.SHARED,
        **{op: reduction(f"reduce_{op}") for op in ("mean", "sum", "max", "min")},
        "concatenate": ops.concat,
        "clip": ops.clip_by_value,
    }


def modules() -> Mapping[str, Any]:
    """Fresh `keras` and `tensorflow` for one migrated program."""
    activations = {name: ops.SHARED[name] for name in ACTIVATIONS}
    initializers = {
        "Zeros": initializer("zeros"),
        "Ones": initializer("ones"),
        "GlorotUniform": initializer("glorot_uniform"),
        "Constant": initializer("constant", value=0.0),
        "TruncatedNormal": initializer("truncated_normal", mean=0.0, stddev=0.05),
        "RandomNormal": initializer("random_normal", mean=0.0, stddev=0.05),
    }
    schedules = Namespace("keras.optimizers.schedules", ExponentialDecay=exponential_decay)
    keras = Namespace(
        "keras",
        Model=Model,
        Layer=Layer,
        layers=Namespace("keras.layers", **CLASSES),
        ops=Namespace("keras.ops", **_operations()),
        losses=Namespace("keras.losses", **LOSSES),
        metrics=Namespace("keras.metrics", **METRICS),
        activations=Namespace("keras.activations", **activations),
        initializers=Namespace("keras.initializers", **initializers),
        random=Namespace("keras.random", normal=ops.random_normal, SeedGenerator=lambda seed=None: None),
        optimizers=Namespace(
            "keras.optimizers",
            schedules=schedules,
            SGD=optimizer_class("sgd"),
            Adagrad=optimizer_class("adagrad", initial_accumulator_value=0.1),
        ),
        saving=Namespace("keras.saving", register_keras_serializable=lambda **options: lambda cls: cls),
        utils=Namespace("keras.utils", unpack_x_y_sample_weight=unpack),
    )
    names = ops.surviving()
    names["nn"].dropout = lambda x, rate, noise_shape=None, seed=None, name=None: ops.dropout(x, rate, True)
    tensorflow = Namespace(
        "tensorflow 2",
        **names,
        GradientTape=GradientTape,
        control_dependencies=lambda inputs: contextlib.nullcontext(),
        nest=Namespace("tf.nest", flatten=lambda structure, **options: []),
        keras=keras,
    )
    return {"keras": keras, "tensorflow": tensorflow}
