"""`tf.contrib.slim` of TensorFlow 1: arg_scope, and the dense layer under its names and defaults there."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

from . import operations as ops
from .legacy_layers import Dense
from .operations import Namespace

Defaults = dict[Any, dict[str, Any]]
_open: list[Defaults] = [{}]


@contextlib.contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[Defaults]:
    """Defaults for a list of operations beside those around, or those of a scope that was kept instead of them."""
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError("a scope that is entered again takes no arguments")
        found = list_ops_or_scope
    else:
        found = dict(_open[-1])
        for operation in list_ops_or_scope:
            if not hasattr(operation, "takes_defaults"):
                raise ValueError(f"{operation} takes no defaults")
            found[operation] = {**found.get(operation, {}), **kwargs}
    _open.append(found)
    try:
        yield found
    finally:
        _open.pop()


def add_arg_scope(function: Callable[..., Any]) -> Callable[..., Any]:
    """Has a function take the defaults of the open arg_scopes."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**_open[-1].get(called, {}), **kwargs})

    called.takes_defaults = True  # type: ignore[attr-defined]
    return called


class FullyConnected(Dense):
    """The dense layer as contrib names it."""

    base_name, kind = "fully_connected", "dense"
    weight_names = ("weights", "biases")


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Callable[..., Any] | None = ops.SHARED["relu"],
    biases_initializer: Any = "zeros",
    reuse: Any = None,
    scope: str | None = None,
) -> Any:
    """`fully_connected`, as far as programs here use it."""
    layer = FullyConnected(num_outputs, activation_fn, biases_initializer is not None, _scope=scope, _reuse=reuse)
    return layer(inputs)


SLIM = Namespace("tf.contrib.slim", arg_scope=arg_scope, add_arg_scope=add_arg_scope, fully_connected=fully_connected)
