"""`tf.layers` of TensorFlow 1: functions and classes that name themselves in the variable scope when first called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import operations as ops
from .legacy_scopes import VariableScope, get_variable, variable_scope
from .symbolic import Owner, Tensor, current, make, shape_of

UPDATE_OPS = "update_ops"


class Layer:
    """The base of `tf.layers` classes: scope and reuse as tensorflow/python/layers/base.py has them."""

    base_name = "layer"
    kind = ""  # what it is, where its name does not say so

    def __init__(self, name: str | None = None, _scope: Any = None, _reuse: Any = None, trainable: bool = True) -> None:
        self._base = name or self.base_name
        self._reuse = _reuse or None
        self.trainable = trainable
        self._scope: VariableScope | None = None
        self._weights: dict[str, Tensor] = {}
        self.built = False
        if _scope:
            with variable_scope(_scope) as scope:
                self._scope = scope

    @property
    def kernel(self) -> Tensor:
        return self._weights["kernel"]

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        if self._scope is None:
            given = self._base if self._reuse else None
            with variable_scope(given, None if given else self._base) as scope:
                self._scope = scope
        with variable_scope(self._scope, reuse=True if self.built else self._reuse):
            if not self.built:
                self._owner = Owner(self._scope.name, self.kind or self.base_name, self.settings())
                self.build(inputs)
                self.built = True
            return self.call(inputs, **kwargs)

    apply = __call__

    def settings(self) -> tuple[Any, ...]:
        return ()

    def build(self, inputs: Any) -> None:
        pass

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def weight(self, name: str, shape: tuple[int | None, ...], initializer: Any, trainable: bool = True) -> None:
        self._weights[name] = get_variable(
            name, shape, initializer=initializer, trainable=trainable and self.trainable, owner=self._owner
        )


class Dense(Layer):
    base_name = "dense"
    weight_names = ("kernel", "bias")

    def __init__(
        self,
        units: int,
        activation: Callable[..., Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.activation, self.use_bias = _size(units), activation, use_bias
        self.initializers = (kernel_initializer, bias_initializer)

    def settings(self) -> tuple[Any, ...]:
        scope = self._scope
        inherited = scope.initializer if scope is not None else None
        return (self.units, bool(self.use_bias), str(self.initializers[0] or inherited or "glorot_uniform"))

    def build(self, inputs: Any) -> None:
        kernel, bias = self.weight_names
        self.weight(kernel, (_last(inputs), self.units), self.initializers[0])
        if self.use_bias:
            self.weight(bias, (self.units,), self.initializers[1])

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        kernel, bias = self.weight_names
        value = ops.matmul(inputs, self._weights[kernel])
        if self.use_bias:
            value = make("bias_add", value, self._weights[bias], static=value.static)
        return self.activation(value) if self.activation is not None else value


class Conv1D(Layer):
    base_name = "conv1d"

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: str = "valid",
        activation: Callable[..., Any] | None = None,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters, self.size, self.strides = _size(filters), kernel_size, strides
        self.padding, self.activation, self.use_bias = padding.lower(), activation, use_bias

    def settings(self) -> tuple[Any, ...]:
        return (self.filters, self.size, bool(self.use_bias), "glorot_uniform")

    def build(self, inputs: Any) -> None:
        self.weight("kernel", (self.size, _last(inputs), self.filters), None)
        if self.use_bias:
            self.weight("bias", (self.filters,), "zeros")

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        value = ops.conv1d(inputs, self._weights["kernel"], self.strides, self.padding)
        if self.use_bias:
            value = make("bias_add", value, self._weights["bias"], static=value.static)
        return self.activation(value) if self.activation is not None else value


class BatchNormalization(Layer):
    base_name = "batch_normalization"

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon

    def build(self, inputs: Any) -> None:
        size = (_last(inputs),)
        self.weight("gamma", size, "ones")
        self.weight("beta", size, "zeros")
        self.weight("moving_mean", size, "zeros", trainable=False)
        self.weight("moving_variance", size, "ones", trainable=False)

    def call(self, inputs: Any, training: Any = False, **kwargs: Any) -> Any:
        if isinstance(training, Tensor):
            raise NotImplementedError("the fake wants a Python training flag")
        if training:
            current().collection(UPDATE_OPS).append(make("update", self._owner.label, inputs))
        return ops.batch_norm(inputs, tuple(self._weights.values()), bool(training), self.momentum, self.epsilon)


class Dropout(Layer):
    base_name = "dropout"

    def __init__(self, rate: Any = 0.5, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any, training: Any = False, **kwargs: Any) -> Any:
        if isinstance(training, Tensor):
            raise NotImplementedError("the fake wants a Python training flag")
        return ops.dropout(inputs, self.rate, bool(training))


class Flatten(Layer):
    base_name = "flatten"

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        return ops.flatten(inputs)


def _size(value: Any) -> int:
    if value is None or isinstance(value, (Tensor, float, bool)) or int(value) <= 0:
        raise ValueError(f"units must be a positive number, not {value!r}")
    return int(value)


def _last(inputs: Any) -> int | None:
    static = shape_of(inputs)
    if not static or static[-1] is None:
        raise ValueError("the last dimension of the inputs must be known")
    return static[-1]


def _function(cls: type[Layer], positional: tuple[str, ...], called: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The function form of a layer class: makes one and calls it once."""

    @functools.wraps(cls.__init__)
    def layer(inputs: Any, *args: Any, name: str | None = None, reuse: Any = None, **kwargs: Any) -> Any:
        kwargs.update(zip(positional, args, strict=False))
        if len(args) > len(positional):
            raise TypeError(f"too many positional arguments for {cls.base_name}")
        call = {key: kwargs.pop(key) for key in called if key in kwargs}
        return cls(**kwargs, name=name, _scope=name, _reuse=reuse)(inputs, **call)

    return layer


DENSE = ("units", "activation", "use_bias", "kernel_initializer", "bias_initializer")
NAMES: dict[str, Any] = {
    "Dense": Dense,
    "Conv1D": Conv1D,
    "BatchNormalization": BatchNormalization,
    "Dropout": Dropout,
    "Flatten": Flatten,
    "dense": _function(Dense, DENSE),
    "conv1d": _function(Conv1D, ("filters", "kernel_size", "strides", "padding")),
    "batch_normalization": _function(BatchNormalization, ("axis", "momentum", "epsilon"), ("training",)),
    "dropout": _function(Dropout, ("rate", "noise_shape", "seed", "training"), ("training",)),
    "flatten": _function(Flatten, ()),
}
