"""The operations on tensors that both fakes offer: one canonical expression for TensorFlow's and Keras' spelling."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from .symbolic import Shape, Tensor, broadcast, current, elementwise, make, shape_of


class Namespace(types.SimpleNamespace):
    """A module of a fake; a name it lacks is an AttributeError that says whose."""

    def __init__(self, title: str, /, **names: Any) -> None:
        super().__init__(**names)
        self.__dict__["_title"] = title

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the fake {self.__dict__.get('_title')} has no {name}")


def unary(op: str) -> Callable[..., Tensor]:
    """An element-wise operation on one operand, whatever the operand is called."""

    def apply(x: Any = None, name: str | None = None, **operand: Any) -> Tensor:
        if operand:
            (x,) = operand.values()
        return elementwise(op, x)

    apply.__name__ = op
    return apply


def binary(op: str) -> Callable[..., Tensor]:
    """An element-wise operation on two operands."""

    def apply(x: Any, y: Any, name: str | None = None) -> Tensor:
        return elementwise(op, x, y)

    return apply


def reduction(op: str) -> Callable[..., Tensor]:
    """A reduction over an axis, all axes by default."""

    def apply(
        input_tensor: Any = None,
        axis: Any = None,
        keepdims: bool = False,
        name: str | None = None,
        *,
        keep_dims: bool | None = None,
        x: Any = None,
    ) -> Tensor:
        tensor = input_tensor if x is None else x
        keep = keepdims if keep_dims is None else keep_dims
        return make(op, tensor, plain_axis(tensor, axis), bool(keep), static=_reduced(shape_of(tensor), axis, keep))

    return apply


def plain_axis(value: Any, axis: Any) -> Any:
    """The axis counted from the front, where the rank is known: one spelling for -1 and the last number."""
    static = shape_of(value)
    if static is None or axis is None:
        return axis
    return tuple(a % len(static) for a in axis) if isinstance(axis, (list, tuple)) else axis % len(static)


def _reduced(static: Shape, axis: Any, keep: bool) -> Shape:
    if static is None:
        return None
    axes = range(len(static)) if axis is None else axis if isinstance(axis, (list, tuple)) else (axis,)
    gone = {a % len(static) for a in axes}
    return tuple(1 if i in gone else d for i, d in enumerate(static) if keep or i not in gone)


def softmax(logits: Any = None, axis: int = -1, name: str | None = None, *, x: Any = None) -> Tensor:
    value = logits if x is None else x
    return make("softmax", value, plain_axis(value, axis), static=shape_of(value))


def log_softmax(logits: Any = None, axis: int = -1, name: str | None = None, *, x: Any = None) -> Tensor:
    value = logits if x is None else x
    return make("log_softmax", value, plain_axis(value, axis), static=shape_of(value))


def norm(tensor: Any = None, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, **more: Any) -> Tensor:
    value = more.get("x", tensor)
    static = _reduced(shape_of(value), axis, keepdims)
    return make("norm", value, plain_axis(value, axis), bool(keepdims), static=static)


def argmax(input: Any = None, axis: Any = None, output_type: Any = None, name: Any = None, **more: Any) -> Tensor:
    value = more.get("x", input)
    axis = 0 if axis is None else axis
    return make("argmax", value, plain_axis(value, axis), static=_reduced(shape_of(value), axis, False))


def matmul(a: Any, b: Any, name: str | None = None) -> Tensor:
    left, right = shape_of(a), shape_of(b)
    static: Shape = None
    if left is not None and right is not None:
        if left[-1] is not None and right[-2] is not None and left[-1] != right[-2]:
            raise ValueError(f"cannot multiply {left} and {right}")
        static = (*left[:-1], right[-1])
    return make("matmul", a, b, static=static)


def concat(values: Sequence[Any] = (), axis: int = -1, name: str | None = None, *, xs: Any = None) -> Tensor:
    parts = list(values if xs is None else xs)
    static = shape_of(parts[0])
    if static is not None:
        sizes = [(shape_of(p) or static)[axis] for p in parts]
        total = None if None in sizes else sum(s or 0 for s in sizes)
        place = axis % len(static)
        static = tuple(total if i == place else d for i, d in enumerate(static))
    axis = axis if static is None or axis >= 0 else axis % len(static)
    return make("concat", tuple(parts), axis, static=static)


def stack(values: Sequence[Any] = (), axis: int = 0, name: str | None = None, *, x: Any = None) -> Tensor:
    parts = list(values if x is None else x)
    first = shape_of(parts[0])
    static = None if first is None else (*first[:axis], len(parts), *first[axis:]) if axis >= 0 else None
    return make("stack", tuple(parts), axis, static=static)


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    total = inputs[0]
    static = shape_of(total)
    for item in inputs[1:]:
        static = broadcast(static, shape_of(item))
    return make("add_n", tuple(inputs), static=static)


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    return make("cast", x, str(dtype), static=shape_of(x))


def expand_dims(input: Any = None, axis: int = 0, name: str | None = None, *, x: Any = None) -> Tensor:
    value = input if x is None else x
    static = shape_of(value)
    if static is not None:
        place = axis if axis >= 0 else axis + len(static) + 1
        static = (*static[:place], 1, *static[place:])
        axis = place
    return make("expand_dims", value, axis, static=static)


def squeeze(input: Any = None, axis: Any = None, name: str | None = None, *, x: Any = None) -> Tensor:
    value = input if x is None else x
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else () if axis is None else (axis,)
    return make("squeeze", value, axes, static=_reduced(shape_of(value), axes, False) if axes else None)


def reshape(tensor: Any = None, shape: Any = None, name: str | None = None, **more: Any) -> Tensor:
    value = more.get("x", tensor)
    wanted = tuple(more.get("newshape", shape))
    static = tuple(None if not isinstance(d, int) or d == -1 else int(d) for d in wanted)
    return make("reshape", value, wanted, static=static)


def flatten(x: Any) -> Tensor:
    """Rows of the batch, everything else in one axis."""
    static = shape_of(x)
    size: int | None = None
    if static is not None and None not in static[1:]:
        size = 1
        for dim in static[1:]:
            size *= dim or 1
    return make("flatten", x, static=(None, size))


def shape(input: Any = None, name: str | None = None, *, x: Any = None) -> Tensor:
    value = input if x is None else x
    static = shape_of(value)
    return make("shape", value, static=None if static is None else (len(static),))


def where(condition: Any, x: Any = None, y: Any = None, **more: Any) -> Tensor:
    return elementwise("where", condition, more.get("x1", x), more.get("x2", y))


def one_hot(indices: Any = None, depth: Any = None, **more: Any) -> Tensor:
    value = more.get("x", indices)
    size = more.get("num_classes", depth)
    return make("one_hot", value, size, static=(*(shape_of(value) or (None,)), size))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    return elementwise("clip", t, clip_value_min, clip_value_max)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None = None) -> Any:
    """Both branches are traced, as in graph code; a Python predicate picks one."""
    if not isinstance(pred, Tensor):
        return true_fn() if pred else false_fn()
    yes, no = true_fn(), false_fn()
    return make("cond", pred, yes, no, static=shape_of(yes))


def random_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, **more: Any) -> Tensor:
    ordinal = current().draw("normal", mean, stddev)
    static: Shape = None
    if not isinstance(shape, Tensor):
        static = tuple(shape)
    elif shape.op == "shape":
        static = shape_of(shape.args[0])
    return make("random_normal", ordinal, shape, mean, stddev, static=static)


def dropout(x: Any, rate: Any, training: bool) -> Any:
    """A dropout mask drawn now, or the input itself outside training."""
    if not training or (not isinstance(rate, Tensor) and rate == 0):
        return x
    ordinal = current().draw("dropout", rate)
    return make("dropout", x, rate, ordinal, static=shape_of(x))


def batch_norm(x: Any, weights: Sequence[Any], training: bool, momentum: Any, epsilon: Any) -> Tensor:
    """Normalisation with the batch's statistics (training) or the moving ones."""
    return make("batch_norm", x, tuple(weights), bool(training), momentum, epsilon, static=shape_of(x))


def conv1d(x: Any, kernel: Tensor, strides: int, padding: str) -> Tensor:
    size, _, filters = kernel.static or (1, 1, None)
    length = (shape_of(x) or (None, None, None))[1]
    if length is not None and size is not None:
        length = -(-length // strides) if padding == "same" else (length - size) // strides + 1
    return make("conv1d", x, kernel, strides, padding, static=(None, length, filters))


ELEMENTWISE = ("relu", "relu6", "elu", "selu", "softplus", "tanh", "sigmoid", "square", "sqrt", "exp", "log", "abs")
SHARED: dict[str, Callable[..., Any]] = {
    **{op: unary(op) for op in (*ELEMENTWISE, "negative", "zeros_like", "ones_like", "identity", "stop_gradient")},
    **{op: binary(op) for op in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "pow")},
    **{op: binary(op) for op in ("equal", "greater", "less")},
    "softmax": softmax,
    "log_softmax": log_softmax,
    "norm": norm,
    "argmax": argmax,
    "matmul": matmul,
    "cast": cast,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "reshape": reshape,
    "shape": shape,
    "where": where,
    "one_hot": one_hot,
    "stack": stack,
    "cond": cond,
}


def surviving() -> dict[str, Any]:
    """The `tf.*` operations that mean the same in TensorFlow 1 and in today's."""
    return {
        **{k: v for k, v in SHARED.items() if k not in ("relu", "relu6", "elu", "selu", "softplus", "softmax")},
        **{f"reduce_{op}": reduction(f"reduce_{op}") for op in ("mean", "sum", "max", "min")},
        "concat": concat,
        "add_n": add_n,
        "clip_by_value": clip_by_value,
        "float32": "float32",
        "int32": "int32",
        "int64": "int64",
        "nn": Namespace("tf.nn", **neural()),
        "math": Namespace("tf.math", **{k: SHARED[k] for k in (*ELEMENTWISE, "add", "multiply")}),
        "random": Namespace("tf.random", normal=random_normal),
    }


def neural() -> dict[str, Any]:
    """`tf.nn`."""
    names = ("relu", "relu6", "elu", "selu", "softplus", "tanh", "sigmoid", "softmax", "log_softmax")
    return {
        **{name: SHARED[name] for name in names},
        "l2_loss": unary_scalar("l2_loss"),
        "bias_add": lambda value, bias, name=None: elementwise("bias_add", value, bias),
    }


def unary_scalar(op: str) -> Callable[..., Tensor]:
    """An operation that gives one number."""

    def apply(t: Any, name: str | None = None) -> Tensor:
        return make(op, t, static=())

    return apply
