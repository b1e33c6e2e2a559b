"""TensorFlow 1's variable store: scopes, reuse, and default names counted per activation of the enclosing scope.

Follows the rules of tensorflow/python/ops/variable_scope.py; `test_oracle.py` compares the names with the real library.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from .symbolic import Owner, Shape, Tensor, current, make

AUTO_REUSE = "AUTO_REUSE"


@dataclasses.dataclass
class VariableScope:
    """An open or captured scope. Captured objects can be entered again."""

    name: str
    reuse: Any
    initializer: Any = None

    def reuse_variables(self) -> None:
        self.reuse = True

    @property
    def original_name_scope(self) -> str:
        return f"{self.name}/"


@dataclasses.dataclass
class Store:
    """The scopes and variables of one graph."""

    scope: VariableScope = dataclasses.field(default_factory=lambda: VariableScope("", None))
    opened: dict[str, int] = dataclasses.field(default_factory=dict)
    variables: dict[str, Tensor] = dataclasses.field(default_factory=dict)
    trainable: list[Tensor] = dataclasses.field(default_factory=list)

    def unique(self, prefix: str) -> str:
        """The first of prefix, prefix_1, ... that was not opened in this activation of the current scope."""
        full = self.child(prefix)
        if not self.opened.get(full):
            return prefix
        index = 1
        while self.opened.get(f"{full}_{index}"):
            index += 1
        return f"{prefix}_{index}"

    def child(self, name: str) -> str:
        return f"{self.scope.name}/{name}" if self.scope.name else name

    def close_below(self, name: str) -> None:
        """Forget what was opened below a scope that is left."""
        for key in self.opened:
            if key.startswith(f"{name}/"):
                self.opened[key] = 0


_stores: list[Store] = [Store()]


def store() -> Store:
    """The store of the graph that is built now."""
    return _stores[-1]


class fresh_store:
    """`with fresh_store():` variables inside live in a graph of their own."""

    def __enter__(self) -> Store:
        _stores.append(Store())
        return _stores[-1]

    def __exit__(self, *exc: object) -> None:
        _stores.pop()


class variable_scope:
    """`tf.variable_scope`: by name, by default name, or by a captured scope object."""

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        auxiliary_name_scope: bool = True,
        dtype: Any = None,
    ) -> None:
        if name_or_scope is None and default_name is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if name_or_scope == "":
            raise ValueError("the fake does not know the empty scope name")
        self._given = name_or_scope
        self._default = default_name
        self._initializer = initializer
        self._reuse = reuse or None

    def __enter__(self) -> VariableScope:
        place = store()
        self._before = place.scope
        if isinstance(self._given, VariableScope):
            name = self._given.name
            place.opened[name] = place.opened.get(name, 0) + 1
            self._counts = dict(place.opened)
            entered = VariableScope(name, self._reuse or self._given.reuse, self._given.initializer)
        else:
            if self._given is None:
                if self._reuse is not None and self._default is not None:
                    raise ValueError("reuse=True cannot be used without a name_or_scope")
                name = place.child(place.unique(str(self._default)))
            else:
                name = place.child(str(self._given))
            place.opened[name] = place.opened.get(name, 0) + 1
            entered = VariableScope(name, self._reuse or self._before.reuse, self._before.initializer)
        if self._initializer is not None:
            entered.initializer = self._initializer
        self._name = name
        place.scope = entered
        return entered

    def __exit__(self, *exc: object) -> None:
        place = store()
        if isinstance(self._given, VariableScope):
            place.opened = self._counts
        else:
            place.close_below(self._name)
        place.scope = self._before


def get_variable_scope() -> VariableScope:
    return store().scope


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    *,
    owner: Owner | None = None,
) -> Tensor:
    """`tf.get_variable`: creates or shares a variable of the current scope. `owner`: the layer that asks."""
    place = store()
    full = place.child(name)
    static: Shape = _dims(shape)
    found = place.variables.get(full)
    if found is not None:
        if not place.scope.reuse:
            raise ValueError(f"Variable {full} already exists, disallowed")
        if static is not None and static != found.static:
            raise ValueError(f"Trying to share variable {full}, but specified shape {static} and found {found.static}")
        return found
    if place.scope.reuse is True:
        raise ValueError(f"Variable {full} does not exist, or was not created with tf.get_variable()")
    if static is None or None in static:
        raise ValueError(f"the shape of a new variable ({full}) must be fully defined")
    chosen = initializer if initializer is not None else place.scope.initializer
    record = current()
    variable = make("variable", full, static, static=static)
    if owner is None:
        record.owners.append(Owner(full, "raw", (chosen or "glorot_uniform", bool(trainable))))
    elif not owner.listed:
        owner.listed = True
        record.owners.append(owner)
    record.variables[full] = static
    place.variables[full] = variable
    if trainable:
        place.trainable.append(variable)
    return variable


def _dims(shape: Any) -> Shape:
    if shape is None or type(shape) is tuple:
        return shape
    dims = shape if isinstance(shape, (list, tuple)) else list(shape)
    return tuple(getattr(d, "value", d) for d in dims)
