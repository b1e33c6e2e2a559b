"""Every random operation becomes a fixed function of the element index, so that two programs draw the same numbers.

The generated op wrappers are replaced: whatever draws random numbers (layers, initializers, dataset functions, Keras)
ends there, in every TensorFlow version.
"""

from __future__ import annotations

import importlib
import math
import os
import random
import sys
from typing import Any, Callable, Dict, List

import numpy

_STEPS = 2**24  # float32 holds every multiple of 2 ** -24 below one exactly


def install() -> None:
    """Replaces the random operations of the TensorFlow that is imported; Python's and numpy's generators get a seed."""
    random.seed(20170)
    numpy.random.seed(20170)
    draws = _draws()
    stateful = importlib.import_module("tensorflow.python.ops.gen_random_ops")
    for name in ("random_uniform", "random_uniform_int", "truncated_normal", "random_shuffle", "multinomial"):
        setattr(stateful, name, draws[name])
    stateful.random_standard_normal = draws["normal"]  # type: ignore[attr-defined]
    for name in ("gen_stateless_random_ops", "gen_stateless_random_ops_v2"):
        try:
            stateless = importlib.import_module("tensorflow.python.ops." + name)
        except ImportError:
            continue  # version 2 of these came with TensorFlow 2
        for suffix in ("", "_v2"):
            for op, draw in _STATELESS.items():
                if hasattr(stateless, op + suffix):
                    setattr(stateless, op + suffix, draws[draw])


def watch(root: str) -> List[str]:
    """Notes, in the list that it returns, which random numbers the program's own files draw in Python.

    Batches that depend on them may differ between two right programs: they may draw in another order.
    """
    drawn: List[str] = []
    # numpy.random.RandomState is a class that libraries test instances for: it stays. See `unseeded`.
    for module, names in ((random, _PYTHON_DRAWS), (numpy.random, _NUMPY_DRAWS)):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, _noting(root, drawn, module.__name__ + "." + name, getattr(module, name)))
    return drawn


def unseeded(root: str) -> bool:
    """Whether the program's loaded files make a generator without a seed."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None) or ""
        if os.path.abspath(path).startswith(root + os.sep) and path.endswith(".py"):
            with open(path, "rb") as stream:
                if b"RandomState()" in stream.read():
                    return True
    return False


def _noting(root: str, drawn: List[str], name: str, draw: Callable[..., Any]) -> Callable[..., Any]:
    def noting(*arguments: Any, **options: Any) -> Any:
        seeded = name.endswith("default_rng") and (arguments or options)
        if not seeded and os.path.abspath(sys._getframe(1).f_code.co_filename).startswith(root + os.sep):
            drawn.append(name)
        return draw(*arguments, **options)

    return noting


_PYTHON_DRAWS = ("choice", "choices", "gauss", "randint", "random", "randrange", "sample", "shuffle", "uniform")
_NUMPY_DRAWS = (
    ("beta", "binomial", "choice", "default_rng", "exponential", "gamma", "multinomial", "normal")
    + ("permutation", "poisson", "rand", "randint", "randn", "random", "random_integers", "random_sample", "ranf")
    + ("shuffle", "standard_normal", "uniform")
)
_STATELESS = {
    "stateless_random_uniform": "random_uniform",
    "stateless_random_uniform_int": "random_uniform_int",
    "stateless_random_normal": "normal",
    "stateless_truncated_normal": "truncated_normal",
    "stateless_shuffle": "random_shuffle",
    "stateless_multinomial": "multinomial",
}


def _draws() -> Dict[str, Callable[..., Any]]:
    array_ops = importlib.import_module("tensorflow.python.ops.array_ops")
    math_ops = importlib.import_module("tensorflow.python.ops.math_ops")
    nn_ops = importlib.import_module("tensorflow.python.ops.nn_ops")
    dtypes = importlib.import_module("tensorflow.python.framework.dtypes")
    ops = importlib.import_module("tensorflow.python.framework.ops")

    def fractions(shape: Any, dtype: Any, stride: int = 1, start: int = 0) -> Any:
        """Numbers in [0, 1), one per element, that depend on nothing but the element's index."""
        shape = ops.convert_to_tensor(shape, dtype=None if hasattr(shape, "dtype") else dtypes.int32)
        count = math_ops.reduce_prod(math_ops.cast(shape, dtypes.int64))
        index = math_ops.range(count) * stride + start
        # Steps of the golden ratio spread evenly even over few elements; the second term breaks their regularity.
        mixed = index * 1327217885 + math_ops.mod(index * index, 65521) * 7919123 + 12345
        steps = math_ops.floordiv(math_ops.mod(mixed, 2**31), 2**31 // _STEPS)
        flat = math_ops.cast(steps, dtypes.float64) / float(_STEPS)
        return math_ops.cast(array_ops.reshape(flat, shape), dtype)

    def random_uniform(shape: Any, *arguments: Any, **options: Any) -> Any:
        return fractions(shape, _dtype(arguments, options, dtypes.float32))

    def normal(shape: Any, *arguments: Any, **options: Any) -> Any:
        dtype = _dtype(arguments, options, dtypes.float32)
        first = fractions(shape, dtypes.float64, 2) + 0.5 / _STEPS
        second = fractions(shape, dtypes.float64, 2, 1)
        return math_ops.cast(math_ops.sqrt(-2.0 * math_ops.log(first)) * math_ops.cos(2 * math.pi * second), dtype)

    def truncated_normal(shape: Any, *arguments: Any, **options: Any) -> Any:
        # Another number than `normal` gives: which of the two a program draws from must show.
        return math_ops.sin(2 * math.pi * fractions(shape, _dtype(arguments, options, dtypes.float32))) * 1.4

    def random_uniform_int(shape: Any, *arguments: Any, **options: Any) -> Any:
        bounds = [a for a in arguments if not isinstance(a, int)] + list(arguments)
        low = options["minval"] if "minval" in options else bounds[-2]
        high = options["maxval"] if "maxval" in options else bounds[-1]
        low, high = ops.convert_to_tensor(low), ops.convert_to_tensor(high)
        span = math_ops.cast(high - low, dtypes.float64)
        return low + math_ops.cast(math_ops.floor(fractions(shape, dtypes.float64) * span), low.dtype)

    def random_shuffle(value: Any, *_arguments: Any, **_options: Any) -> Any:
        value = ops.convert_to_tensor(value)
        rows = array_ops.shape(value)[:1]
        order = nn_ops.top_k(-fractions(rows, dtypes.float32), k=rows[0]).indices
        return array_ops.gather(value, order)

    def multinomial(logits: Any, num_samples: Any, *_arguments: Any, **options: Any) -> Any:
        logits = ops.convert_to_tensor(logits)
        shape = array_ops.concat([array_ops.shape(logits)[:1], array_ops.reshape(num_samples, [1])], 0)
        samples = fractions(shape, dtypes.float32)
        edges = math_ops.cumsum(nn_ops.softmax(math_ops.cast(logits, dtypes.float32)), axis=1)[:, :-1]
        passed = array_ops.expand_dims(samples, 2) >= array_ops.expand_dims(edges, 1)
        return math_ops.reduce_sum(math_ops.cast(passed, options.get("output_dtype") or dtypes.int64), axis=2)

    return {
        "random_uniform": random_uniform,
        "normal": normal,
        "truncated_normal": truncated_normal,
        "random_uniform_int": random_uniform_int,
        "random_shuffle": random_shuffle,
        "multinomial": multinomial,
    }


def _dtype(arguments: Any, options: Dict[str, Any], default: Any) -> Any:
    """The dtype of a draw. The stateful ops take it second, the stateless ones by name or after their key."""
    if options.get("dtype") is not None:
        return options["dtype"]
    dtypes = importlib.import_module("tensorflow.python.framework.dtypes")
    for value in arguments:
        if isinstance(value, dtypes.DType):
            return value
    return default
