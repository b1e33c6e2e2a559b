"""A stand-in for TensorFlow 1 in pure Python: variables and random draws are recorded, tensors are symbols."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import legacy_layers
from . import operations as ops
from .legacy_scopes import AUTO_REUSE, get_variable, get_variable_scope, store, variable_scope
from .legacy_slim import SLIM
from .operations import Namespace
from .symbolic import Tensor, current, elementwise, make

TRAIN, EVAL, PREDICT = "train", "eval", "infer"
MODES = (TRAIN, EVAL, PREDICT)


@dataclasses.dataclass
class EstimatorSpec:
    """What a model_fn returns, with the checks of the real one."""

    mode: str
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: Mapping[str, Any] | None = None
    export_outputs: Any = None
    training_hooks: Any = None

    def __post_init__(self) -> None:
        if self.mode == TRAIN and (self.loss is None or self.train_op is None):
            raise ValueError("Missing loss or train_op")
        if self.mode == EVAL and self.loss is None:
            raise ValueError("Missing loss")
        if self.mode == PREDICT and self.predictions is None:
            raise ValueError("Missing predictions")
        if self.mode not in MODES:
            raise ValueError(f"unknown mode {self.mode}")


@dataclasses.dataclass
class Estimator:
    """Keeps what it was given; the sandbox calls the model_fn itself."""

    model_fn: Callable[..., EstimatorSpec]
    model_dir: str | None = None
    config: Any = None
    params: Any = None


# ------------------------------------------------------------------------------------------------------------ losses
def reduced(losses: Tensor, weights: Any = 1.0) -> Tensor:
    """A scalar loss, kept in the collection as `tf.losses` does."""
    value = make("reduce_mean", losses, None, False, static=())
    if not (isinstance(weights, (int, float)) and weights == 1):
        value = make("weighted_mean", losses, weights, static=())
    current().collection("losses").append(value)
    return value


def sparse_softmax_cross_entropy(labels: Any, logits: Any, weights: Any = 1.0, **more: Any) -> Tensor:
    return reduced(make("sparse_cross_entropy", labels, logits, static=(None,)), weights)


def softmax_cross_entropy(onehot_labels: Any, logits: Any, weights: Any = 1.0, **more: Any) -> Tensor:
    return reduced(make("cross_entropy", onehot_labels, logits, static=(None,)), weights)


def mean_squared_error(labels: Any, predictions: Any, weights: Any = 1.0, **more: Any) -> Tensor:
    return reduced(elementwise("squared_difference", labels, predictions), weights)


def get_total_loss(add_regularization_losses: bool = True, name: Any = None) -> Tensor:
    found = current().collection("losses")
    return found[0] if len(found) == 1 else ops.add_n(found)


# ----------------------------------------------------------------------------------------------------------- metrics
def metric(kind: str, *arguments: Any) -> tuple[Tensor, Tensor]:
    value = make("metric", kind, *arguments, static=())
    return value, make("metric_update", value, static=())


def accuracy(labels: Any, predictions: Any, weights: Any = None, name: Any = None) -> Any:
    return metric("accuracy", labels, predictions)


def mean_metric(values: Any, weights: Any = None, name: Any = None) -> Any:
    return metric("mean", values)


def squared_error_metric(labels: Any, predictions: Any, weights: Any = None, name: Any = None) -> Any:
    return metric("mean_squared_error", labels, predictions)


# -------------------------------------------------------------------------------------------------------- optimizers
@dataclasses.dataclass
class Optimizer:
    """An optimizer's name and arguments; applying it is one symbolic operation."""

    kind: str
    settings: tuple[Any, ...]

    def minimize(self, loss: Tensor, global_step: Any = None, var_list: Any = None, **more: Any) -> Tensor:
        names = None if var_list is None else tuple(v.args[0] for v in var_list)
        return make("minimize", self.kind, self.settings, loss, names, tuple(_dependencies[-1]), static=())


def optimizer(kind: str, **defaults: Any) -> Callable[..., Optimizer]:
    """The constructor of an optimizer whose arguments have these defaults."""
    positions = ("learning_rate", *defaults)

    def construct(*args: Any, name: Any = None, use_locking: bool = False, **kwargs: Any) -> Optimizer:
        given = {**defaults, **dict(zip(positions, args, strict=False)), **kwargs}
        return Optimizer(kind, tuple((key, given[key]) for key in positions))

    return construct


def exponential_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, **more: Any) -> Tensor:
    return make("exponential_decay", learning_rate, decay_steps, decay_rate, static=())


def global_step(graph: Any = None) -> Tensor:
    return make("global_step", static=())


_dependencies: list[list[Any]] = [[]]


@contextlib.contextmanager
def control_dependencies(inputs: Any) -> Iterator[None]:
    """Operations made inside wait for the inputs: kept as operands of the train operation."""
    _dependencies.append([*_dependencies[-1], *inputs])
    try:
        yield
    finally:
        _dependencies.pop()


def group(*inputs: Any, **more: Any) -> Tensor:
    return make("group", inputs, static=())


@contextlib.contextmanager
def name_scope(name: Any, default_name: Any = None, values: Any = None) -> Iterator[str]:
    """Names of operations only: without effect on variables."""
    yield f"{name or default_name}/"


def nn_dropout(x: Any, keep_prob: Any = None, noise_shape: Any = None, seed: Any = None, **more: Any) -> Any:
    """`tf.nn.dropout`: always active."""
    rate = more.get("rate")
    if rate is None:
        rate = round(1 - keep_prob, 10)
    return ops.dropout(x, rate, True)


def initializer(kind: str, **defaults: Any) -> Callable[..., str]:
    """The constructor of an initializer: its readable canonical form."""

    def construct(*args: Any, seed: Any = None, dtype: Any = None, **kwargs: Any) -> str:
        given = {**defaults, **dict(zip(defaults, args, strict=False)), **kwargs}
        return describe(kind, given)

    return construct


def describe(kind: str, settings: Mapping[str, Any]) -> str:
    """`random_normal(mean=0.0, stddev=1.0)`; without settings the bare name."""
    inner = ", ".join(f"{key}={float(value)}" for key, value in settings.items())
    return f"{kind}({inner})" if inner else kind


def _module() -> Namespace:
    names = ops.surviving()
    keys = Namespace("tf.GraphKeys", UPDATE_OPS="update_ops", LOSSES="losses", TRAINABLE_VARIABLES="trainable")
    neural = names.pop("nn")
    neural.dropout = nn_dropout
    modes = Namespace("tf.estimator.ModeKeys", TRAIN=TRAIN, EVAL=EVAL, PREDICT=PREDICT)
    initializers = {
        "zeros_initializer": initializer("zeros"),
        "ones_initializer": initializer("ones"),
        "glorot_uniform_initializer": initializer("glorot_uniform"),
        "constant_initializer": initializer("constant", value=0.0),
        "truncated_normal_initializer": initializer("truncated_normal", mean=0.0, stddev=1.0),
        "random_normal_initializer": initializer("random_normal", mean=0.0, stddev=1.0),
    }
    fake = Namespace(
        "tensorflow 1",
        **names,
        **initializers,
        nn=neural,
        layers=Namespace("tf.layers", **legacy_layers.NAMES),
        to_float=lambda x, name=None: ops.cast(x, "float32"),
        to_int32=lambda x, name=None: ops.cast(x, "int32"),
        random_normal=ops.random_normal,
        get_variable=get_variable,
        variable_scope=variable_scope,
        get_variable_scope=get_variable_scope,
        AUTO_REUSE=AUTO_REUSE,
        name_scope=name_scope,
        control_dependencies=control_dependencies,
        group=group,
        no_op=lambda name=None: make("no_op", static=()),
        GraphKeys=keys,
        get_collection=lambda key, scope=None: list(current().collection(key)),
        trainable_variables=lambda scope=None: list(store().trainable),
        losses=Namespace(
            "tf.losses",
            sparse_softmax_cross_entropy=sparse_softmax_cross_entropy,
            softmax_cross_entropy=softmax_cross_entropy,
            mean_squared_error=mean_squared_error,
            get_total_loss=get_total_loss,
        ),
        metrics=Namespace("tf.metrics", accuracy=accuracy, mean=mean_metric, mean_squared_error=squared_error_metric),
        train=Namespace(
            "tf.train",
            GradientDescentOptimizer=optimizer("sgd"),
            AdagradOptimizer=optimizer("adagrad", initial_accumulator_value=0.1),
            get_global_step=global_step,
            get_or_create_global_step=global_step,
            exponential_decay=exponential_decay,
        ),
        estimator=Namespace("tf.estimator", Estimator=Estimator, EstimatorSpec=EstimatorSpec, ModeKeys=modes),
        logging=Namespace("tf.logging", info=lambda *a, **k: None, INFO=20, set_verbosity=lambda level: None),
    )
    fake.contrib = Namespace("tf.contrib", slim=SLIM)
    fake.compat = Namespace("tf.compat", v1=fake)
    return fake


TENSORFLOW = _module()
