"""Keras 3 layers of the fake: creation is recorded when a layer object is made, its weights when it is first called."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from . import operations as ops
from .fake_tf import describe
from .symbolic import Owner, Tensor, current, make, shape_of

_training: list[bool | None] = []  # of the calls under way, outermost first
_inside_call = [0]


class MadeTooLate(AssertionError):
    """A layer object or a raw variable was made where Keras would make a new one on every call."""


class Layer:
    """`keras.layers.Layer`: tracking needs `super().__init__()` first; reserved names cannot be set."""

    kind = "layer"

    def __init__(self, *, name: str | None = None, dtype: Any = None, trainable: bool = True, **unknown: Any) -> None:
        if unknown:
            raise ValueError(f"unrecognized keyword arguments passed to {type(self).__name__}: {unknown}")
        self.__dict__["_ready"] = True
        self._name, self.trainable, self.built = name, trainable, False
        self._weights: dict[str, Tensor] = {}
        self._owner: Owner | None = None
        if self.settings() is not None:
            self._owner = new_owner(self.kind)

    def __init_subclass__(cls) -> None:
        """What a class does in `build` is done once, and not as a part of the call that it is done for."""
        if "build" in vars(cls):
            cls.build = built_once(cls.build)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Layer) and "_ready" not in self.__dict__:
            raise RuntimeError("It looks like you are subclassing and you forgot to call `super().__init__()`")
        super().__setattr__(name, value)

    @property
    def name(self) -> str:
        return self._name or f"unnamed_{type(self).__name__.lower()}"

    @property
    def weights(self) -> list[Tensor]:
        return [w for layer in sublayers(self) for w in layer._weights.values()]

    variables = weights

    @property
    def trainable_variables(self) -> list[Tensor]:
        return [w for layer in sublayers(self) for n, w in layer._weights.items() if not n.startswith("moving_")]

    trainable_weights = trainable_variables

    @property
    def losses(self) -> list[Tensor]:
        return []

    @property
    def layers(self) -> list[Layer]:
        return [v for v in vars(self).values() if isinstance(v, Layer)]

    @property
    def metrics(self) -> list[Any]:
        return []

    dtype = path = input = output = property(lambda self: None)

    def settings(self) -> tuple[Any, ...] | None:
        """What the weights depend on; None for a layer that has no weights of its own."""
        return None

    def build(self, input_shape: Any) -> None:
        begin(self)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if "_ready" not in self.__dict__:
            raise RuntimeError("the layer's __init__ did not call super().__init__()")
        parameters = inspect.signature(self.call).parameters
        wants = "training" in parameters
        training = kwargs.get("training")
        if training is None and wants:
            position = list(parameters).index("training")
            training = args[position] if len(args) > position else None
        if training is None and _training:
            training = _training[-1]
        if wants:
            if training is None:
                default = parameters["training"].default
                training = None if default is inspect.Parameter.empty else default
            position = list(parameters).index("training")
            if len(args) <= position:
                kwargs["training"] = training
        else:
            kwargs.pop("training", None)
        if not self.built:
            self.build(shape_of(args[0]) if args and isinstance(args[0], Tensor) else None)
        args = tuple(copied(a) for a in args)
        _training.append(training)
        _inside_call[0] += 1
        try:
            return self.call(*args, **kwargs)
        finally:
            _inside_call[0] -= 1
            _training.pop()

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        *,
        name: str | None = None,
        regularizer: Any = None,
        **more: Any,
    ) -> Tensor:
        """A weight; in a layer without weights of its own it counts as a raw variable."""
        dims = () if shape is None else tuple(shape)
        if self._owner is not None:
            owner, label = self._owner, (*self._owner.label, name)
        else:
            owner = new_owner("raw")
            owner.settings = (initializer_name(initializer, "glorot_uniform"), bool(trainable))
            current().owners.append(owner)
            label = owner.label
        weight = make("variable", label, dims, static=dims)
        current().variables[label] = dims
        self._weights[name or f"weight_{len(self._weights)}"] = weight
        return weight


def begin(layer: Layer) -> None:
    """Notes that a layer is built."""
    if not layer.built and layer._owner is not None:
        layer._owner.settings = layer.settings() or ()
        current().owners.append(layer._owner)
    layer.built = True


def built_once(build: Callable[..., None]) -> Callable[..., None]:
    """`build` as Keras wraps it."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        begin(self)
        outside, _inside_call[0] = _inside_call[0], 0
        build(self, *args, **kwargs)
        _inside_call[0] = outside

    return wrapped


def copied(value: Any) -> Any:
    """The same tensors in containers of their own: Keras maps over the inputs of a layer before `call` sees them."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return type(value)(copied(item) for item in value) if type(value) in (list, tuple) else value


def new_owner(kind: str) -> Owner:
    """The next owner in creation order; refused inside `call`, where every call would make another one."""
    if _inside_call[0]:
        raise MadeTooLate(f"a {kind} was made inside call()")
    made = current().collection("made")
    owner = Owner(("k", len(made)), kind, ())
    made.append(owner)
    return owner


def sublayers(layer: Layer) -> list[Layer]:
    """The layer and everything it tracks, depth first, each once."""
    found: list[Layer] = []

    def visit(value: Any) -> None:
        if isinstance(value, Layer):
            if all(v is not value for v in found):
                found.append(value)
                for item in vars(value).values():
                    visit(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                visit(item)
        elif isinstance(value, Mapping):
            for item in value.values():
                visit(item)

    visit(layer)
    return found


ACTIVATIONS = ("relu", "relu6", "elu", "selu", "softplus", "tanh", "sigmoid", "softmax", "log_softmax")


def activation_of(given: Any) -> Callable[..., Any] | None:
    """The operation of an activation argument: a name, a function, or None."""
    if given is None or given == "linear":
        return None
    return ops.SHARED[given] if isinstance(given, str) else given


def initializer_name(given: Any, default: str) -> str:
    """The canonical form of an initializer argument."""
    return default if given is None else str(given)


def initializer(kind: str, **defaults: Any) -> Callable[..., str]:
    """A class of `keras.initializers`."""

    def construct(*args: Any, seed: Any = None, **kwargs: Any) -> str:
        return describe(kind, {**defaults, **dict(zip(defaults, args, strict=False)), **kwargs})

    return construct


class Dense(Layer):
    kind = "dense"
    units: int
    use_bias: bool
    initializers: tuple[Any, Any]

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        self.__dict__.update(units=units, use_bias=use_bias, initializers=(kernel_initializer, bias_initializer))
        if isinstance(units, Tensor) or not isinstance(units, int) or units <= 0:
            raise ValueError(f"invalid value for argument `units`: {units}")
        super().__init__(**kwargs)
        self.activation = activation_of(activation)

    def settings(self) -> tuple[Any, ...]:
        return (int(self.units), bool(self.use_bias), initializer_name(self.initializers[0], "glorot_uniform"))

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], int(self.units)), name="kernel")
        if self.use_bias:
            self.bias = self.add_weight((int(self.units),), name="bias")

    def call(self, inputs: Any) -> Any:
        value = ops.matmul(inputs, self.kernel)
        if self.use_bias:
            value = make("bias_add", value, self.bias, static=value.static)
        return self.activation(value) if self.activation is not None else value


class Conv1D(Layer):
    kind = "conv1d"
    filters: int
    size: int
    use_bias: bool

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        strides: int = 1,
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        self.__dict__.update(filters=filters, size=kernel_size, use_bias=use_bias)
        super().__init__(**kwargs)
        self.strides, self.padding, self.activation = strides, padding.lower(), activation_of(activation)

    def settings(self) -> tuple[Any, ...]:
        return (int(self.filters), self.size, bool(self.use_bias), "glorot_uniform")

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((self.size, input_shape[-1], int(self.filters)), name="kernel")
        if self.use_bias:
            self.bias = self.add_weight((int(self.filters),), name="bias")

    def call(self, inputs: Any) -> Any:
        value = ops.conv1d(inputs, self.kernel, self.strides, self.padding)
        if self.use_bias:
            value = make("bias_add", value, self.bias, static=value.static)
        return self.activation(value) if self.activation is not None else value


class BatchNormalization(Layer):
    kind = "batch_normalization"

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis, self.momentum, self.epsilon = axis, momentum, epsilon

    def settings(self) -> tuple[Any, ...]:
        return ()

    def build(self, input_shape: Any) -> None:
        size = (input_shape[-1],)
        self.gamma, self.beta = self.add_weight(size, name="gamma"), self.add_weight(size, name="beta")
        self.moving_mean = self.add_weight(size, name="moving_mean", trainable=False)
        self.moving_variance = self.add_weight(size, name="moving_variance", trainable=False)

    def call(self, inputs: Any, training: Any = None) -> Any:
        active = bool(training) and self.trainable
        if active and self._owner is not None:
            current().collection("updates").append(self._owner.label)
        return ops.batch_norm(inputs, tuple(self._weights.values()), active, self.momentum, self.epsilon)


class Dropout(Layer):
    def __init__(self, rate: Any, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs: Any, training: Any = False) -> Any:
        return ops.dropout(inputs, self.rate, bool(training))


class Flatten(Layer):
    def call(self, inputs: Any) -> Any:
        return ops.flatten(inputs)


class Activation(Layer):
    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activation_of(activation)

    def call(self, inputs: Any) -> Any:
        return inputs if self.activation is None else self.activation(inputs)


CLASSES: dict[str, Any] = {
    c.__name__: c for c in (Layer, Dense, Conv1D, BatchNormalization, Dropout, Flatten, Activation)
}
